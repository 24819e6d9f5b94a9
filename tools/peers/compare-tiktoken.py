#!/usr/bin/env python3
"""Compares the token ids of `quern tokenize FILE.tiktoken` with those of the `tiktoken` library on mixed text.

    tools/peers/compare-tiktoken.py VOCABULARY... [--quern PATH] [--megabytes 5] [--text FILE...]

A vocabulary is a tiktoken file, or a GGUF of a byte-level tokenizer whose tokens become one. Each is cut into words
in every way that its number of tokens allows: as its own encoding with special tokens where it is one, and by the
patterns of all. Then files that nothing can be made of, which must be refused with a line and no tokens.
Needs: tiktoken, gguf. Prints the number of chunks whose ids differ; exit code 1 when any does.
"""

import argparse
import base64
import importlib.util
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

import tiktoken
import tiktoken_ext.openai_public as public
from gguf import GGUFReader

HERE = pathlib.Path(__file__).resolve().parent
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def sibling(name):
    specification = importlib.util.spec_from_file_location(name.replace("-", "_"), HERE / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


tokenizers = sibling("compare-tokenizers")


def encodings():
    """Pattern, special tokens and number of ranks of each name; tiktoken's own without their downloads."""
    public.load_tiktoken_bpe = public.data_gym_to_mergeable_bpe_ranks = lambda *_, **__: {}
    counts = {"r50k_base": 50256, "p50k_base": 50280, "p50k_edit": 50280, "cl100k_base": 100256, "o200k_base": 199998}
    found = {}
    for name, count in counts.items():
        about = public.ENCODING_CONSTRUCTORS[name]()
        found[name] = (about["pat_str"], lambda ranks, about=about, count=count:
                       about["special_tokens"] if len(ranks) == count else {})
    found["qwen"] = (QWEN, lambda ranks: {
        text: len(ranks) + place for place, text in enumerate(
            ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + [f"<|extra_{number}|>" for number in range(205)])})
    found["llama3"] = (tokenizers.LLAMA3, lambda ranks: {
        text: len(ranks) + place for place, text in [
            (0, "<|begin_of_text|>"), (1, "<|end_of_text|>"), (6, "<|start_header_id|>"), (7, "<|end_header_id|>"),
            (9, "<|eot_id|>"), (255, "<|reserved_special_token_247|>")]})
    return found


def ranks_of(path):
    if path.suffix != ".gguf":
        lines = [line.split() for line in path.read_bytes().splitlines() if line]
        return {base64.b64decode(token): int(rank) for token, rank in lines}
    fields = GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    plain = [byte for byte in range(256) if chr(byte).isprintable() and byte not in (0x20, 0xA0, 0xAD)]
    others = [byte for byte in range(256) if byte not in plain]
    alphabet = {chr(byte): byte for byte in plain} | {chr(0x100 + place): byte for place, byte in enumerate(others)}
    return {
        bytes(alphabet[letter] for letter in token): rank
        for rank, (token, kind) in enumerate(zip(tokens, kinds)) if kind == 1 and all(c in alphabet for c in token)}


def texts(files, megabytes, special):
    random.seed(12)
    yield from tokenizers.chunks(files, megabytes)
    for number in range(max(1, int(megabytes * 2))):
        yield f"bytes {number}", random.randbytes(50_000).decode("utf-8", errors="replace")
    yield "white space", "".join(random.choices([" ", "\t", "\n", "\r\n", "\u3000", "x"], [60, 5, 5, 5, 5, 1], k=60_000))
    yield "one word", "ab" * 20_000 + " " + "\u6f22" * 10_000 + " " * 9_999
    for number in range(3):
        yield f"special {number}", "".join(random.choices(special + [" word", "<|", "|>", "\n", "'s"], k=20_000))


def ids_of(options, path, encoding, text, *flags):
    result = subprocess.run(
        [options.quern, "tokenize", path, "--pattern", encoding, "--json", "--no-special", *flags],
        input=text.encode(), capture_output=True)
    if result.returncode != 0:
        sys.exit(result.stderr.decode())
    return json.loads(result.stdout)["ids"]


def compare(options, path, name, ranks, pattern, special):
    peer = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens=special)
    count = different = size = 0
    for title, text in texts(options.files, options.megabytes, list(special) or ["<|endoftext|>"]):
        normal = unicodedata.normalize("NFC", text) if name == "qwen" else text
        is_plain = count % 4 == 3
        expected = peer.encode_ordinary(normal) if is_plain else peer.encode(normal, allowed_special="all")
        found = ids_of(options, path, name, text, *(["--no-parse-special"] if is_plain else []))
        count += 1
        size += len(text.encode())
        if found != expected:
            different += 1
            pairs = enumerate(zip(found, expected))
            place = next((i for i, (a, b) in pairs if a != b), min(len(found), len(expected)))
            print(f"  {title}: token {place}: {found[place:place + 5]}, expected {expected[place:place + 5]}")
    print(f"{path.stem} as {name}: {different} of {count} chunks differ, {size / 1e6:.1f} MB")
    return different > 0


def compare_refusals(options, scratch):
    good = b"".join(base64.b64encode(bytes([byte])) + b" %d\n" % byte for byte in range(256))
    bad = {
        "empty": b"", "no rank": good + b"YWI=\n", "bad base64": good + b"YW#= 256\n", "no padding": good + b"YWI 256\n",
        "loose bits": good + b"YWJ= 256\n", "below zero": good + b"YWI= -1\n", "huge": good + b"YWI= 99999999999999999999\n",
        "large": good + b"YWI= 1000000000\n", "twice a rank": good + b"YWI= 255\n", "twice a token": good + b"YQ== 256\n",
        "a byte less": good[8:], "three words": good + b"YWI= 256 1\n", "nul": good + b"\0\0\0 256\n", "words": b"hello world\n"}
    failed = False
    for title, data in bad.items():
        path = scratch / "bad.tiktoken"
        path.write_bytes(data)
        result = subprocess.run(
            [options.quern, "tokenize", path, "--pattern", "qwen", "x"], capture_output=True, text=True)
        if result.returncode != 1 or result.stdout or result.stderr.count("\n") > 2:
            failed = True
            print(f"  {title}: {result.returncode} {result.stderr}")
    print(f"{len(bad)} malformed files: {'differs' if failed else 'all refused'}")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vocabularies", nargs="+", type=pathlib.Path)
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--megabytes", type=float, default=5)
    parser.add_argument("--encodings", nargs="*", help="only these")
    parser.add_argument("--text", nargs="*", type=pathlib.Path, help="files of prose and code (default: Python's own)")
    options = parser.parse_args()
    options.files = options.text or sorted(pathlib.Path(json.__file__).parent.parent.glob("*.py"))
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        failed |= compare_refusals(options, scratch)
        for vocabulary in options.vocabularies:
            ranks = ranks_of(vocabulary)
            path = scratch / f"{vocabulary.stem}.tiktoken"
            path.write_text("".join(f"{base64.b64encode(t).decode()} {rank}\n" for t, rank in ranks.items()))
            for name, (pattern, special) in encodings().items():
                if not options.encodings or name in options.encodings:
                    failed |= compare(options, path, name, ranks, pattern, special(ranks))
    sys.exit(failed)


if __name__ == "__main__":
    main()
