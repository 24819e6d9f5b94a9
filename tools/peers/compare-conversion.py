#!/usr/bin/env python3
"""Compares what quern converts and quantizes with llama.cpp's converter and quantizer, byte for byte.

    pip install gguf safetensors torch transformers
    tools/peers/compare-conversion.py QUERN SOURCE... [--converter convert_hf_to_gguf.py]
        [--quantizer llama-quantize] [--types Q4_K_M,Q6_K] [--no-logits]

A Hugging Face folder: to GGUF at F32, F16 and BF16 (metadata and tensors equal to the converter's), to a
folder again (tokens and logits of transformers equal) and to GGUF again (every tensor byte).
A GGUF: cast to F32, F16 and BF16 and quantized from BF16 (metadata and tensors equal to the quantizer's).
Exits 1 when anything differs that is not listed as meant.
"""
import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

# What we write otherwise on purpose: key -> why.
MEANT = {}

FLOATS = ["F32", "F16", "BF16"]
TEXTS = [
    "The capital of France is Paris, 42 times.",
    "func add(_ a: Int) -> Int { return a + 1 }\n\n\t// don't",
    "Der schnelle Fuchs springt über den Hund. 日本語 🙂",
    "<|im_start|>user\nHello<|im_end|>\n",
]


class Contents:
    """A GGUF as the gguf package reads it, tensors as digests."""

    def __init__(self, path):
        from gguf import GGUFReader

        reader = GGUFReader(path)
        self.metadata = {
            key: ([kind.name for kind in field.types], field.contents())
            for key, field in reader.fields.items()
            if not key.startswith("GGUF.")
        }
        self.tensors = {
            t.name: (t.tensor_type.name, [int(n) for n in reversed(t.shape)], digest(t.data), int(t.n_bytes))
            for t in reader.tensors
        }

    @property
    def byte_count(self):
        return sum(tensor[3] for tensor in self.tensors.values())


def digest(array):
    return hashlib.blake2b(memoryview(array).cast("B"), digest_size=16).hexdigest()


class Report:
    def __init__(self):
        self.differences = 0

    def differ(self, text):
        self.differences += 1
        print(f"  DIFFERS {text}")

    def contents(self, what, ours, theirs, metadata=True):
        """Compares two GGUFs key by key and tensor by tensor."""
        ours, theirs = Contents(ours), Contents(theirs)
        keys = 0
        for key in (ours.metadata.keys() | theirs.metadata.keys()) if metadata else ():
            keys += 1
            mine, other = ours.metadata.get(key), theirs.metadata.get(key)
            if mine != other:
                if key in MEANT:
                    print(f"  meant   {key}: {MEANT[key]}")
                else:
                    self.differ(f"{key}: ours {str(mine)[:120]}, theirs {str(other)[:120]}")
        for name in ours.tensors.keys() | theirs.tensors.keys():
            mine, other = ours.tensors.get(name), theirs.tensors.get(name)
            if mine != other:
                self.differ(f"{name}: ours {mine}, theirs {other}")
        order = "" if list(ours.tensors) == list(theirs.tensors) else ", tensors in another order"
        if metadata and list(ours.metadata) != list(theirs.metadata):
            order += ", keys in another order"
        print(f"  {what}: {keys} keys, {len(ours.tensors)} tensors, {ours.byte_count} bytes compared{order}")


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def load(folder):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return model.eval(), AutoTokenizer.from_pretrained(folder)


def compare_loaded(report, ours, theirs, tolerance):
    """Tokens, chat prompts and logits of two folders in transformers."""
    import torch

    (our_model, our_tokenizer), (model, tokenizer) = load(ours), load(theirs)
    tokens, largest = 0, 0.0
    for text in TEXTS:
        mine, other = our_tokenizer(text)["input_ids"], tokenizer(text)["input_ids"]
        if mine != other:
            report.differ(f"tokens of {text!r}: ours {mine}, theirs {other}")
            continue
        if our_tokenizer.decode(mine) != tokenizer.decode(other):
            report.differ(f"text of {other}")
        tokens += len(other)
        with torch.no_grad():
            ids = torch.tensor([other])
            largest = max(largest, (our_model(ids).logits - model(ids).logits).abs().max().item())
    if largest > tolerance:
        report.differ(f"logits by up to {largest}")
    for name in ("bos_token", "eos_token", "unk_token", "pad_token"):
        if getattr(our_tokenizer, name) != getattr(tokenizer, name):
            report.differ(f"{name}: ours {getattr(our_tokenizer, name)}, theirs {getattr(tokenizer, name)}")
    if tokenizer.chat_template:
        chat = [{"role": "user", "content": "Hi"}]
        prompts = [t.apply_chat_template(chat, tokenize=False, add_generation_prompt=True) for t in (our_tokenizer, tokenizer)]
        if prompts[0] != prompts[1]:
            report.differ(f"chat prompt: ours {prompts[0]!r}, theirs {prompts[1]!r}")
    stops = [m.generation_config.eos_token_id for m in (our_model, model)]
    if stops[0] != stops[1]:
        print(f"  note    eos_token_id of generation_config: ours {stops[0]}, theirs {stops[1]}")
    print(f"  folder in transformers: {tokens} tokens, logits within {largest:.2g}")


def compare_folder(report, options, source, scratch):
    for kind in FLOATS:
        ours, theirs = scratch / f"ours-{kind}.gguf", scratch / f"theirs-{kind}.gguf"
        run(options.quern, "convert", source, ours, "--type", kind)
        if options.converter:
            run(sys.executable, options.converter, source, "--outfile", theirs, "--outtype", kind.lower())
            report.contents(f"{kind} GGUF against the converter", ours, theirs)
    dtype = stored_type(source)
    exact = scratch / f"ours-{dtype}.gguf"
    folder = scratch / "folder"
    run(options.quern, "convert", exact, f"{folder}/", "--type", dtype, "--max-shard-size", "100KB")
    if not options.no_logits:
        compare_loaded(report, folder, source, tolerance=0)
    again = scratch / "again.gguf"
    run(options.quern, "convert", folder, again)
    report.contents("GGUF -> folder -> GGUF", again, exact)


def stored_type(folder):
    """The type of a folder's matrices."""
    path = sorted(folder.glob("*.safetensors"))[0]
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return next(entry["dtype"] for name, entry in header.items() if name != "__metadata__")


def compare_gguf(report, options, source, scratch):
    base = scratch / "ours-BF16.gguf"
    for kind in FLOATS:
        ours, theirs = scratch / f"ours-{kind}.gguf", scratch / f"theirs-{kind}.gguf"
        run(options.quern, "convert", source, ours, "--type", kind)
        run(options.quantizer, "--allow-requantize", source, theirs, kind)
        report.contents(f"{kind} against the quantizer", ours, theirs)
        theirs.unlink()
        if ours != base:
            ours.unlink()
    for kind in options.types.split(","):
        for flags in ([], ["--pure"]):
            ours, theirs = scratch / "ours.gguf", scratch / "theirs.gguf"
            run(options.quern, "quantize", base, ours, "--type", kind, *flags, "--overwrite")
            run(options.quantizer, *flags, base, theirs, kind)
            report.contents(" ".join([kind, *flags]) + " against the quantizer", ours, theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quern", type=pathlib.Path)
    parser.add_argument("source", nargs="+", type=pathlib.Path)
    parser.add_argument("--converter", help="llama.cpp's convert_hf_to_gguf.py")
    parser.add_argument("--quantizer", help="llama.cpp's llama-quantize")
    parser.add_argument("--types", default="Q4_0,Q8_0,Q4_K_S,Q4_K_M,Q5_K_M,Q6_K")
    parser.add_argument("--no-logits", action="store_true", help="leave transformers out")
    options = parser.parse_args()
    report = Report()
    for source in options.source:
        print(source)
        with tempfile.TemporaryDirectory(prefix="quern-compare-") as scratch:
            if source.is_dir():
                compare_folder(report, options, source, pathlib.Path(scratch))
            elif options.quantizer:
                compare_gguf(report, options, source, pathlib.Path(scratch))
            else:
                sys.exit(f"{source}: a GGUF is compared with --quantizer")
    print(f"{report.differences} differences")
    sys.exit(report.differences > 0)


main()
