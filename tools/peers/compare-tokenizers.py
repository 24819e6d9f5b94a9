#!/usr/bin/env python3
"""Compares the token ids of `quern tokenize` with those of the `tokenizers` library on mixed text.

    tools/peers/compare-tokenizers.py MODEL.gguf... [--quern PATH] [--megabytes 10] [--text FILE...]

The library's tokenizer is built from the vocabulary in the GGUF file and the published pre-tokenizer of its name.
Needs: tokenizers, gguf. Prints the number of chunks whose ids differ and where; exit code 1 when any does.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import time
import unicodedata

import gguf
from tokenizers import Tokenizer

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHUNK = 100_000


def byte_level(use_regex):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


def split(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


PRE_TOKENIZERS = {
    "smollm": [{"type": "Digits", "individual_digits": True}, byte_level(True)],
    "gpt-2": [byte_level(True)],
    "qwen2": [split(LLAMA3.replace("{1,3}", "")), byte_level(False)],
    "llama-bpe": [split(LLAMA3), byte_level(False)],
}


def reference(path):
    reader = gguf.GGUFReader(path)

    def field(name):
        return reader.fields[name].contents() if name in reader.fields else None

    tokens = field("tokenizer.ggml.tokens")
    types = field("tokenizer.ggml.token_type") or [1] * len(tokens)
    name = field("tokenizer.ggml.pre")
    if name not in PRE_TOKENIZERS:
        sys.exit(f"{path}: no reference for the pre-tokenizer {name}")
    added = [
        {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": kind == 3}
        for i, (token, kind) in enumerate(zip(tokens, types)) if kind in (3, 4)]
    return Tokenizer.from_str(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "NFC"} if name == "qwen2" else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": PRE_TOKENIZERS[name]},
        "post_processor": None, "decoder": byte_level(True),
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": name == "llama-bpe", "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": field("tokenizer.ggml.merges")},
    }))


def chunks(files, megabytes):
    """Half prose and code from files, half made of Chinese, emoji, white space, digits, marks and random Unicode."""
    random.seed(11)
    assigned = [chr(c) for c in range(0x20, 0x2FA1E) if unicodedata.category(chr(c)) not in ("Cs", "Cn")]
    pools = [
        assigned,
        [chr(c) for c in range(0x4E00, 0x5300)] + list("，。！\n的是了我你 12"),
        [chr(c) for c in range(0x1F300, 0x1FAF0)] + ["\u200d", "\ufe0f", " ", "a"],
        [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\x0b", "a", ".", "1", " " * 19, "\n" * 9],
        list("0123456789") * 3 + list(" .,e+-xA"),
        [chr(c) for c in range(0x20, 0x250)] + ["'s", "'S", "'LL", "'re", " "] * 5,
        [chr(c) for c in range(0x300, 0x36F)] + [chr(c) for c in range(0x1100, 0x1200)] + list("aeiouncAEIOU가"),
    ]
    total = 0
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace").replace("<|", "< |")
        for start in range(0, len(text), CHUNK):
            yield f"{file.name}+{start}", text[start:start + CHUNK]
            total += len(text[start:start + CHUNK].encode())
            if total > megabytes * 500_000:
                break
        if total > megabytes * 500_000:
            break
    number = 0
    while total < megabytes * 1_000_000:
        text = "".join(random.choices(pools[number % len(pools)], k=CHUNK // 3))
        total += len(text.encode())
        yield f"random {number}", text
        number += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--text", nargs="*", type=pathlib.Path, help="files of prose and code (default: Python's own)")
    options = parser.parse_args()
    files = options.text or sorted(pathlib.Path(json.__file__).parent.parent.glob("*.py"))
    failed = False
    for model in options.models:
        tokenizer = reference(model)
        count = different = size = 0
        seconds = 0.0
        for name, text in chunks(files, options.megabytes):
            result = subprocess.run(
                [options.quern, "tokenize", model, "--json", "--no-special"], input=text.encode(), capture_output=True, check=True)
            ids = json.loads(result.stdout)["ids"]
            start = time.perf_counter()
            expected = tokenizer.encode(text, add_special_tokens=False).ids
            seconds += time.perf_counter() - start
            count += 1
            size += len(text.encode())
            if ids != expected:
                different += 1
                place = next((i for i, (a, b) in enumerate(zip(ids, expected)) if a != b), min(len(ids), len(expected)))
                print(f"  {name}: token {place}: {ids[place:place + 5]}, expected {expected[place:place + 5]}")
        print(f"{model}: {different} of {count} chunks differ, {size / 1e6:.1f} MB")
        failed |= different > 0
    sys.exit(failed)


if __name__ == "__main__":
    main()
