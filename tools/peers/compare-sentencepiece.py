#!/usr/bin/env python3
r"""Compares the token ids and texts of `quern tokenize` with those of the `sentencepiece` library on mixed text.

    tools/peers/compare-sentencepiece.py [MODEL.model|MODEL.gguf...] [--quern PATH] [--megabytes 10] [--text FILE...]

Without a model it trains several, with the library's own normalization rules. For a GGUF the library's model is
built from the pieces, scores and types that are in it. What is unknown decodes to " \u2047 " there, and to the
token's own text in a GGUF: such texts are not compared. Needs: sentencepiece, gguf. Prints the number of chunks whose
ids differ and where; exit code 1 when any does.
"""

import argparse
import importlib
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import sentencepiece

SPACE = "\u2581"
mixed = importlib.import_module("compare-tokenizers")


def varint(value):
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    return bytes(result) + bytes([value])


def field(number, value):
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def model_of_gguf(path):
    """A tokenizer.model with the vocabulary of a GGUF file."""
    import gguf

    reader = gguf.GGUFReader(path)

    def value(name, default=None):
        key = "tokenizer.ggml." + name
        return reader.fields[key].contents() if key in reader.fields else default

    tokens, kind = value("tokens"), value("model")
    types = value("token_type", [1] * len(tokens))
    unknown = value("unknown_token_id", 0 if kind == "llama" else 2)
    result = b""
    for number, (text, score, piece) in enumerate(zip(tokens, value("scores"), types)):
        if piece == 4:
            text = text.replace(" ", SPACE)
        piece = 2 if number == unknown else 3 if piece == 2 else piece
        result += field(1, field(1, text.encode()) + field(2, float(score)) + field(3, piece))
    falls_back = "<0x00>" in tokens
    result += field(2, field(3, 2 if kind == "llama" else 1) + field(35, int(falls_back)))
    return result + field(3, field(2, bytes(b % 256 for b in value("precompiled_charsmap", []))) + field(
        3, int(value("add_space_prefix", kind == "llama"))) + field(
        4, int(value("remove_extra_whitespaces", False))))


def train(files, folder):
    lines = [line for file in files for line in file.read_text(encoding="utf-8", errors="replace").split("\n")]
    lines = [line for line in lines[:60_000] if line.strip()] + ["磨坊主在两块石头之间磨谷物，面粉落入下面的袋子里。"] * 20
    llama = dict(
        model_type="bpe", byte_fallback=True, split_digits=True, allow_whitespace_only_pieces=True,
        remove_extra_whitespaces=False, normalization_rule_name="identity")
    models = {
        "llama": llama,
        "gemma": dict(llama, add_dummy_prefix=False, user_defined_symbols=["\n\n", "\n\n\n", SPACE * 2, SPACE * 4, "<b>"]),
        "bpe-nfkc": dict(model_type="bpe"),
        "unigram-nfkc": dict(model_type="unigram"),
        "unigram-fold": dict(model_type="unigram", normalization_rule_name="nmt_nfkc_cf", byte_fallback=True),
        "unigram-identity": dict(
            model_type="unigram", normalization_rule_name="identity", remove_extra_whitespaces=False,
            user_defined_symbols=["self", SPACE * 3]),
        "char": dict(model_type="char", vocab_size=900),
        "word": dict(model_type="word", use_all_vocab=True),
    }
    for name, options in models.items():
        data = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_writer=data, minloglevel=2, hard_vocab_limit=False,
            **{"vocab_size": 6000, **options})
        path = folder / f"{name}.model"
        path.write_bytes(data.getvalue())
        yield str(path)


def run(command, text):
    return json.loads(subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout)


def compare(model, options, files):
    data = model_of_gguf(model) if model.endswith(".gguf") else pathlib.Path(model).read_bytes()
    reference = sentencepiece.SentencePieceProcessor(model_proto=data)
    command = [options.quern, "tokenize", model, "--json"]
    different = count = size = 0
    start = time.time()
    for name, text in mixed.chunks(files, options.megabytes):
        expected = reference.encode(text)
        ids = run(command + ["--no-special", "--no-parse-special"], text)["ids"]
        count += 1
        size += len(text.encode())
        if ids != expected:
            different += 1
            place = next((i for i, (a, b) in enumerate(zip(ids, expected)) if a != b), min(len(ids), len(expected)))
            print(f"  {name}: token {place} of {len(expected)}: {ids[place:place + 5]}, expected {expected[place:place + 5]}")
        elif count % 5 == 0 and reference.unk_id() not in ids:
            decoded = run(command + ["--decode"], " ".join(map(str, ids)))["prompt"]
            if decoded != reference.decode(ids):
                different += 1
                print(f"  {name}: decoded otherwise")
    print(f"{model}: {different} of {count} chunks differ, {size / 1e6:.1f} MB, {time.time() - start:.0f} s", flush=True)
    return different == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--text", nargs="*", type=pathlib.Path, help="files of prose and code (default: Python's own)")
    options = parser.parse_args()
    files = options.text or sorted(pathlib.Path(json.__file__).parent.parent.glob("*.py"))
    with tempfile.TemporaryDirectory() as folder:
        models = options.models or train(files, pathlib.Path(folder))
        same = [compare(model, options, files) for model in models]
    sys.exit(not all(same))


if __name__ == "__main__":
    main()
