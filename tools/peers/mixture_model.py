"""Makes GGUFs of mixtures of experts in real sizes that take little room on a disk.

Attention and experts are holes of the file, which read as zeros: what a token's layers see is its embedding,
so the experts that each router chooses are known without running the model.

    tools/peers/mixture_model.py qwen3moe mixture.gguf

writes one and says how many bytes of it a token's products read. Needs gguf and numpy.
"""

import argparse
import os
import types

import gguf
import numpy

VOCABULARY = 512
EPSILON = 1e-6

# Layers, experts, chosen ones, width, inner width of an expert, of a shared one.
SHAPES = {
    "qwen3moe": (8, 64, 8, 2048, 768, 0),
    "qwen2moe": (8, 60, 4, 2048, 1536, 5632),
    "llama": (2, 8, 2, 4096, 14336, 0),
}
HEADS, KEY_HEADS, HEAD_DIM = 16, 4, 128


class Mixture:
    def __init__(self, name, type_name="Q4_K", seed=1):
        self.name, self.type = name, gguf.GGMLQuantizationType[type_name]
        self.layers, self.experts, self.used, self.width, self.inner, self.shared = SHAPES[name]
        random = numpy.random.default_rng(seed)
        self.embedding = random.standard_normal((VOCABULARY, self.width)).astype("f4")
        self.output = random.standard_normal((VOCABULARY, self.width)).astype("f4") * 0.02
        self.routers = random.standard_normal((self.layers, self.experts, self.width)).astype("f4")

    def chosen(self, token, layer):
        """The experts of a token; every layer sees its embedding."""
        row = self.embedding[token].astype("f8")
        row /= numpy.sqrt((row * row).mean() + EPSILON)
        scores = self.routers[layer].astype("f8") @ row
        return set(map(int, numpy.argsort(-scores)[: self.used]))

    def bytes_per_token(self, path):
        """Bytes of weights that one token's products read."""
        total = 0
        for tensor in gguf.GGUFReader(path).tensors:
            if tensor.name == "token_embd.weight":
                continue
            part = self.used / self.experts if "_exps." in tensor.name else 1
            total += int(tensor.n_bytes * part)
        return total

    def _tensors(self):
        """Name, extents, values; `None` for a hole of the quantized type."""
        ones = numpy.ones(self.width, "f4")
        yield "token_embd.weight", (VOCABULARY, self.width), self.embedding
        for layer in range(self.layers):
            block = f"blk.{layer}."
            yield block + "attn_norm.weight", (self.width,), ones
            for part, rows in [("q", HEADS), ("k", KEY_HEADS), ("v", KEY_HEADS)]:
                yield f"{block}attn_{part}.weight", (rows * HEAD_DIM, self.width), None
                if self.name == "qwen2moe":
                    yield f"{block}attn_{part}.bias", (rows * HEAD_DIM,), numpy.zeros(rows * HEAD_DIM, "f4")
            yield block + "attn_output.weight", (self.width, HEADS * HEAD_DIM), None
            if self.name == "qwen3moe":
                for part in "qk":
                    yield f"{block}attn_{part}_norm.weight", (HEAD_DIM,), numpy.ones(HEAD_DIM, "f4")
            yield block + "ffn_norm.weight", (self.width,), ones
            yield block + "ffn_gate_inp.weight", (self.experts, self.width), self.routers[layer]
            for part, rows, columns in [
                    ("gate", self.inner, self.width), ("up", self.inner, self.width), ("down", self.width, self.inner)]:
                yield f"{block}ffn_{part}_exps.weight", (self.experts, rows, columns), None
                if self.shared:
                    rows, columns = [self.shared if n == self.inner else n for n in (rows, columns)]
                    yield f"{block}ffn_{part}_shexp.weight", (rows, columns), None
            if self.shared:
                yield block + "ffn_gate_inp_shexp.weight", (self.width,), ones * 0
        yield "output_norm.weight", (self.width,), ones
        yield "output.weight", (VOCABULARY, self.width), self.output

    def write(self, path):
        writer = gguf.GGUFWriter(path, self.name)
        writer.add_block_count(self.layers)
        writer.add_context_length(4096)
        writer.add_embedding_length(self.width)
        writer.add_feed_forward_length(self.inner)
        writer.add_expert_feed_forward_length(self.inner)
        writer.add_expert_count(self.experts)
        writer.add_expert_used_count(self.used)
        if self.shared:
            writer.add_expert_shared_feed_forward_length(self.shared)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(KEY_HEADS)
        writer.add_key_length(HEAD_DIM)
        writer.add_value_length(HEAD_DIM)
        writer.add_rope_dimension_count(HEAD_DIM)
        writer.add_layer_norm_rms_eps(EPSILON)
        writer.add_rope_freq_base(1e6)
        self._add_tokenizer(writer)
        tensors = list(self._tensors())
        for name, extents, values in tensors:
            kind = self.type if values is None else gguf.GGMLQuantizationType.F32
            elements, size = gguf.GGML_QUANT_SIZES[kind]
            count = int(numpy.prod(extents)) // elements * size
            writer.add_tensor_info(name, extents, numpy.dtype("f4"), count, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        writer.close()
        with open(path, "r+b") as file:
            places = {tensor.name: tensor for tensor in self._places(path, tensors)}
            for name, _, values in tensors:
                if values is not None:
                    file.seek(places[name].offset)
                    file.write(values.tobytes())
            end = max(place.offset + place.count for place in places.values())
            file.truncate(end)

    def _places(self, path, tensors):
        """Where each tensor lies: aligned one after another behind the header."""
        align = lambda count: (count + 31) // 32 * 32
        offset = align(os.path.getsize(path))
        for name, extents, values in tensors:
            kind = self.type if values is None else gguf.GGMLQuantizationType.F32
            elements, size = gguf.GGML_QUANT_SIZES[kind]
            count = int(numpy.prod(extents)) // elements * size
            yield types.SimpleNamespace(name=name, offset=offset, count=count)
            offset += align(count)

    def _add_tokenizer(self, writer):
        """All bytes, and merges of letters with letters until the vocabulary is full."""
        kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
        letters = [chr(code) for code in kept] + [chr(256 + place) for place in range(256 - len(kept))]
        pairs = [(one, other) for one in "abcdefghijklmnop" for other in "abcdefghijklmnop"][: VOCABULARY - 257]
        tokens = letters + [one + other for one, other in pairs] + ["<|end|>"]
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("qwen2")
        writer.add_token_list(tokens)
        writer.add_token_types([1] * (len(tokens) - 1) + [3])
        writer.add_token_merges([" ".join(pair) for pair in pairs])
        writer.add_eos_token_id(len(tokens) - 1)
        writer.add_add_bos_token(False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("path")
    arguments = parser.parse_args()
    model = Mixture(arguments.shape)
    model.write(arguments.path)
    print(f"{arguments.path}: {os.path.getsize(arguments.path) / 1e9:.2f} GB, "
          f"{model.bytes_per_token(arguments.path) / 1e6:.1f} MB a token")


if __name__ == "__main__":
    main()
