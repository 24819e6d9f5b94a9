#!/usr/bin/env python3
"""Whether llama.cpp computes the same with padded rows as without.

    tools/peers/compare-padding.py QUERN [SOURCE...]

Makes small random models whose feed-forward rows do not fill blocks of 256 (gated and not, gate and up in
one tensor, stacked and shared experts), writes each in F32 with and without --pad-rows, and compares the
logits that llama.cpp computes from both. Then quantizes with padding and with the fallback types instead, and
prints how far the logits of each lie from those in F32. The same for every SOURCE, a GGUF or a Hugging Face
folder; where nothing needs padding that is said, and the files with and without must be equal.

Exits 1 when llama.cpp refuses a file or the F32 logits differ by more than 1e-5 of the largest: its sums may
run in another order where zeros make a row longer. Needs numpy, gguf and llama-cpp-python.
"""

import argparse
import filecmp
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import llama_peer

WIDTH, HEADS, VOCABULARY = 256, 4, 320
BOUND = 1e-5


class Random:
    """Writes a random model of one architecture."""

    def __init__(self, path, architecture, layers=2):
        import gguf

        self.gguf, self.layers = gguf, layers
        self.writer = writer = gguf.GGUFWriter(path, architecture)
        self.random = numpy.random.default_rng(len(architecture) + layers)
        writer.add_block_count(layers)
        writer.add_context_length(512)
        writer.add_embedding_length(WIDTH)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(HEADS)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_layer_norm_eps(1e-5)
        writer.add_rope_dimension_count(WIDTH // HEADS)
        writer.add_vocab_size(VOCABULARY)
        writer.add_tokenizer_model("no_vocab")
        self.matrix("token_embd.weight", VOCABULARY, WIDTH)
        self.matrix("output.weight", VOCABULARY, WIDTH)
        self.norm("output_norm")

    def matrix(self, name, *shape):
        self.writer.add_tensor(name, (self.random.standard_normal(shape) * 0.08).astype(numpy.float32))

    def norm(self, name, bias=False):
        self.writer.add_tensor(f"{name}.weight", (1 + 0.1 * self.random.standard_normal(WIDTH)).astype(numpy.float32))
        if bias:
            self.matrix(f"{name}.bias", WIDTH)

    def attention(self, layer, fused=False, bias=False):
        block = f"blk.{layer}"
        self.norm(f"{block}.attn_norm", bias)
        self.norm(f"{block}.ffn_norm", bias)
        if fused:
            self.matrix(f"{block}.attn_qkv.weight", 3 * WIDTH, WIDTH)
        for part in [] if fused else ["q", "k", "v"]:
            self.matrix(f"{block}.attn_{part}.weight", WIDTH, WIDTH)
            if bias:
                self.matrix(f"{block}.attn_{part}.bias", WIDTH)
        self.matrix(f"{block}.attn_output.weight", WIDTH, WIDTH)
        if bias:
            self.matrix(f"{block}.attn_output.bias", WIDTH)

    def network(self, layer, width, kind="", experts=(), parts=("gate", "up", "down"), bias=False, fused=False):
        for part in parts:
            rows = 2 * width if fused else width
            shape = (WIDTH, width) if part == "down" else (rows, WIDTH)
            self.matrix(f"blk.{layer}.ffn_{part}{kind}.weight", *experts, *shape)
            if bias:
                self.matrix(f"blk.{layer}.ffn_{part}{kind}.bias", *experts, shape[0])

    def close(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def llama(path, width):
    model = Random(path, "llama")
    model.writer.add_feed_forward_length(width)
    for layer in range(model.layers):
        model.attention(layer)
        model.network(layer, width)
    model.close()


def deci(path):
    widths = [176, 512, 300]
    model = Random(path, "deci", layers=3)
    model.writer.add_feed_forward_length(widths)
    for layer, width in enumerate(widths):
        model.attention(layer)
        model.network(layer, width, bias=True)
    model.close()


def phi3(path):
    model = Random(path, "phi3")
    model.writer.add_feed_forward_length(300)
    for layer in range(model.layers):
        model.attention(layer, fused=True)
        model.network(layer, 300, parts=("up",), fused=True)
        model.network(layer, 300, parts=("down",))
    model.close()


def starcoder2(path):
    # A width that llama.cpp sums in the same order with and without zeros: it looks GELU up in a table of half
    # precision, which makes 2e-5 of a difference in the last bit.
    width = 992
    model = Random(path, "starcoder2")
    model.writer.add_feed_forward_length(width)
    model.matrix("output_norm.bias", WIDTH)
    for layer in range(model.layers):
        model.attention(layer, bias=True)
        model.network(layer, width, parts=("up", "down"), bias=True)
    model.close()


def routed(model, layer, experts):
    model.attention(layer)
    model.matrix(f"blk.{layer}.ffn_gate_inp.weight", experts, WIDTH)


def mixtral(path):
    model = Random(path, "llama")
    model.writer.add_feed_forward_length(176)
    model.writer.add_expert_count(4)
    model.writer.add_expert_used_count(2)
    for layer in range(model.layers):
        routed(model, layer, 4)
        model.network(layer, 176, "_exps", (4,))
    model.close()


def qwen2moe(path):
    model = Random(path, "qwen2moe")
    model.writer.add_feed_forward_length(512)
    model.writer.add_expert_count(4)
    model.writer.add_expert_used_count(2)
    model.writer.add_expert_feed_forward_length(176)
    model.writer.add_expert_shared_feed_forward_length(300)
    for layer in range(model.layers):
        routed(model, layer, 4)
        for part in "qkv":
            model.matrix(f"blk.{layer}.attn_{part}.bias", WIDTH)
        model.matrix(f"blk.{layer}.ffn_gate_inp_shexp.weight", WIDTH)
        model.network(layer, 176, "_exps", (4,))
        model.network(layer, 300, "_shexp")
    model.close()


def deepseek(path):
    model = Random(path, "deepseek")
    writer = model.writer
    writer.add_feed_forward_length(300)
    writer.add_leading_dense_block_count(1)
    writer.add_expert_count(4)
    writer.add_expert_used_count(2)
    writer.add_expert_shared_count(2)
    writer.add_expert_feed_forward_length(176)
    writer.add_expert_weights_scale(1.0)
    model.attention(0)
    model.network(0, 300)
    routed(model, 1, 4)
    model.network(1, 176, "_exps", (4,))
    model.network(1, 352, "_shexp")
    model.close()


MODELS = {
    "llama-176": lambda path: llama(path, 176),
    "llama-300": lambda path: llama(path, 300),
    "llama-992": lambda path: llama(path, 992),
    "deci": deci,
    "phi3": phi3,
    "starcoder2": starcoder2,
    "mixtral": mixtral,
    "qwen2moe": qwen2moe,
    "deepseek": deepseek,
}


class Comparison:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, pathlib.Path(folder)
        self.llama = llama_peer.load(arguments)

    def quantize(self, source, name, *options):
        """Writes a GGUF and returns its path and the report."""
        path = self.folder / name
        command = [self.arguments.quern, "quantize", source, path, "--allow-requantize", "--overwrite", "--json"]
        report = subprocess.run([*command, *options], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return path, json.loads(report.stdout)

    def logits(self, path):
        model = llama_peer.Model(self.llama, path)
        ids = [(7 * n + 3) % min(model.vocabulary_count, VOCABULARY) for n in range(self.arguments.tokens)]
        context = model.context(len(ids), self.arguments.threads, "f32")
        context.decode(ids, 0, True)
        logits = context.logits(len(ids))
        context.close()
        self.llama.llama_model_free(model.model)
        return logits

    def unpadded(self, name, source):
        """True when files with and without padding are equal."""
        kind = self.arguments.type
        plain, _ = self.quantize(source, "plain.gguf", "--type", kind)
        padded, _ = self.quantize(source, "padded.gguf", "--type", kind, "--pad-rows")
        equal = filecmp.cmp(plain, padded, shallow=False)
        print(f"{name:24} nothing is padded, files {'equal' if equal else 'DIFFER'}", flush=True)
        return equal

    def run(self, name, source):
        _, report = self.quantize(source, "none.gguf", "--type", self.arguments.type, "--pad-rows", "--dry-run")
        if not report["padding"]["widths"]:
            return self.unpadded(name, source)
        before = self.logits(self.quantize(source, "plain.gguf", "--type", "F32")[0])
        padded, report = self.quantize(source, "padded.gguf", "--type", "F32", "--pad-rows")
        after = self.logits(padded)
        largest = numpy.abs(before).max()
        worst = numpy.abs(before - after).max() / largest
        errors = []
        for option in [["--pad-rows"], []]:
            path, _ = self.quantize(source, "quantized.gguf", "--type", self.arguments.type, *option)
            found = self.logits(path)
            errors.append((numpy.square(found - before).mean() / numpy.square(before).mean()) ** 0.5)
        widths = ", ".join(f"{w['from']} -> {w['to']}" for w in report["padding"]["widths"])
        passed = bool(numpy.isfinite(after).all()) and worst <= BOUND
        same = "same bits" if (before == after).all() else f"{worst:.1e} of the largest"
        print(f"{name:24} {widths:26} F32: {same:24} {self.arguments.type}: rms error {errors[0]:.4f} padded, "
              f"{errors[1]:.4f} with fallback  {'ok' if passed else 'DIFFERENT'}", flush=True)
        return passed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("quern")
    parser.add_argument("sources", nargs="*")
    parser.add_argument("--type", default="Q4_K_M")
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    llama_peer.add_arguments(parser)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments, folder)
        verdicts = []
        for name, make in MODELS.items():
            source = os.path.join(folder, "source.gguf")
            make(source)
            verdicts.append(comparison.run(name, source))
        for source in arguments.sources:
            verdicts.append(comparison.run(pathlib.Path(source).name, source))
    sys.exit(not all(verdicts))


if __name__ == "__main__":
    main()
