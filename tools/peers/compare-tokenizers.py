#!/usr/bin/env python3
"""Compares the token ids and texts of `quern tokenize` with those of the `tokenizers` library.

    tools/peers/compare-tokenizers.py [MODEL.gguf|tokenizer.json...] [--matrix] [--fuzz COUNT] [--quern PATH]
        [--megabytes 10] [--seed 0] [--text FILE...]

A MODEL is held against the library on mixed text: prose and code, Chinese, emoji, white space, digits, marks, random
Unicode and random bytes. Of a GGUF the library's tokenizer is built from the vocabulary and the published pre-tokenizer
of its name. `--matrix` does the same with vocabularies trained on the spot, of every model; `--fuzz` with COUNT random
pipelines (Fixtures/tokenizers/pipelines.py) on short texts, and decodes random ids too.

Needs: tokenizers, gguf. Prints where ids or texts differ; exit code 1 when any does.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ.setdefault("RUST_BACKTRACE", "0")

import gguf
from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Fixtures" / "tokenizers"))
import pipelines
from vocabularies import MATRIX, trained

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
        None,
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
        pool = pools[number % len(pools)]
        if pool is None:
            text = random.randbytes(CHUNK // 3).decode("utf-8", "replace")
        else:
            text = "".join(random.choices(pool, k=CHUNK // 3))
        total += len(text.encode())
        yield f"random {number}", text
        number += 1


def run(options, model, lines, *flags):
    """What `quern tokenize` says of each line, a JSON object each."""
    result = subprocess.run(
        [options.quern, "tokenize", str(model), "--json-lines", "--no-special", *flags],
        input="\n".join(json.dumps(line) for line in lines).encode(), capture_output=True)
    if result.returncode:
        raise RuntimeError(result.stderr.decode().strip())
    return [json.loads(line) for line in result.stdout.decode().split("\n") if line]


def attempt(action):
    try:
        return action()
    except BaseException:  # The library panics on some texts.
        return None


def first_difference(one, other):
    return next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def compare_mixed(options, name, model, tokenizer):
    """Differences on mixed text, which are printed."""
    files = options.text or sorted(pathlib.Path(json.__file__).parent.parent.glob("*.py"))
    texts = list(chunks(files, options.megabytes))
    try:
        found = run(options, model, [text for _, text in texts])
    except RuntimeError as error:
        print(f"{name}: {error}", flush=True)
        return 1
    expected = [attempt(lambda: tokenizer.encode(text, add_special_tokens=False).ids) for _, text in texts]
    back = run(options, model, [ids or [] for ids in expected], "--decode")
    different = 0
    for (place, text), result, ids, decoded in zip(texts, found, expected, back):
        if ids is None:
            continue
        if result["ids"] != ids:
            different += 1
            at = first_difference(result["ids"], ids)
            print(f"  {place}: token {at}: {result['ids'][at:at + 5]}, expected {ids[at:at + 5]}")
        wanted = tokenizer.decode(ids, skip_special_tokens=False)
        if decoded["prompt"] != wanted:
            different += 1
            at = first_difference(decoded["prompt"], wanted)
            print(f"  {place}: text at {at}: {decoded['prompt'][at:at + 20]!r}, expected {wanted[at:at + 20]!r}")
    size = sum(len(text.encode()) for _, text in texts)
    print(f"{name}: {different} differences in {len(texts)} chunks, {size / 1e6:.1f} MB", flush=True)
    return different


def compare_pipeline(options, seed, folder):
    """Differences of one random pipeline, which are printed; None when the library cannot make it."""
    source = attempt(lambda: pipelines.tokenizer(seed))
    if source is None:
        return None
    path = folder / f"pipeline-{seed}.json"
    path.write_text(source, encoding="utf-8")
    tokenizer = Tokenizer.from_str(source)
    rows = []
    for text in pipelines.texts(seed, 40):
        ids = attempt(lambda: tokenizer.encode(text, add_special_tokens=False).ids)
        # Where the library cannot put its special tokens around, we refuse the file.
        if ids is not None and attempt(lambda: tokenizer.encode(text)) is not None:
            rows.append((text, ids))
    if not rows:
        return None
    dice = random.Random(seed)
    lists = [ids for _, ids in rows]
    lists += [[dice.randrange(tokenizer.get_vocab_size()) for _ in range(dice.randint(0, 12))] for _ in range(20)]
    decoded = [attempt(lambda: tokenizer.decode(ids, skip_special_tokens=False)) for ids in lists]
    try:
        found = run(options, path, [text for text, _ in rows])
        back = run(options, path, lists, "--decode")
    except RuntimeError as error:
        print(f"  seed {seed}: {error}")
        return 1
    different = [f"{text!r}: {result['ids']}, expected {ids}" for (text, ids), result in zip(rows, found) if result["ids"] != ids]
    different += [f"{ids}: {result['prompt']!r}, expected {text!r}"
                  for ids, text, result in zip(lists, decoded, back) if text is not None and result["prompt"] != text]
    if different:
        print(f"  seed {seed}: {len(different)} differences; {different[0][:400]}")
        options.keep.mkdir(exist_ok=True)
        (options.keep / path.name).write_text(source, encoding="utf-8")
    return len(different)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--matrix", action="store_true", help="vocabularies trained on the spot, of every model")
    parser.add_argument("--fuzz", type=int, default=0, metavar="COUNT", help="random pipelines")
    parser.add_argument("--seed", type=int, default=0, help="of the first random pipeline")
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--text", nargs="*", type=pathlib.Path, help="files of prose and code (default: Python's own)")
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "different-pipelines",
                        help="folder for random pipelines that differ")
    options = parser.parse_args()
    different = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for model in options.models:
            peer = Tokenizer.from_file(str(model)) if model.suffix == ".json" else reference(model)
            different += compare_mixed(options, model.name, model, peer)
        for kind in MATRIX if options.matrix else []:
            path = folder / "tokenizer.json"
            path.write_text(trained(kind), encoding="utf-8")
            different += compare_mixed(options, kind, path, Tokenizer.from_file(str(path)))
        results = [compare_pipeline(options, seed, folder) for seed in range(options.seed, options.seed + options.fuzz)]
        if results:
            made = [result for result in results if result is not None]
            print(f"{len(made)} random pipelines: {sum(map(bool, made))} differ")
            different += sum(made)
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
