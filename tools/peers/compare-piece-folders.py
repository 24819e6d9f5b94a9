#!/usr/bin/env python3
"""Compares the tokenizers of the folders that `quern convert` makes of GGUFs with pieces of SentencePiece.

    tools/peers/compare-piece-folders.py [MODEL.gguf|FOLDER...] [--quern PATH] [--texts 300]

Each model becomes a GGUF, if it is none, and a folder of it; `AutoTokenizer` of transformers and the library that reads
the folder's tokenizer.model must give the ids of the GGUF. Without a model it takes the checkpoints in
Fixtures/checkpoints/pieces. Needs: transformers, sentencepiece. Exit code 1 when ids differ.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import sentencepiece
from transformers import AutoTokenizer

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Fixtures/checkpoints/pieces"


def texts(count):
    random.seed(7)
    pools = [
        list("the stone mil ,.12\n") + [chr(c) for c in range(0x20, 0x17F)] + ["\u2581", "  ", "\n\n", "st", "磨"],
        [chr(c) for c in range(0x4E00, 0x5300)] + list("，。！\n的是了我你 12"),
        ["def ", "    ", "\n", "return", "self.", "(", ")", ":", "name", "_", "=", " ", "#", "\t", "0", "17"],
        [chr(c) for c in range(0x1F300, 0x1FAF0)] + ["\u200d", "\ufe0f", " ", "a"],
    ]
    yield from ["", " ", "Hello, world!", "  two\n\n\nthree\t", "<s>a <unk><bos>x<eos>"]
    for number in range(count):
        yield "".join(random.choices(pools[number % len(pools)], k=random.randrange(1, 300)))


def convert(quern, source, target):
    subprocess.run([quern, "convert", str(source), str(target)], check=True, capture_output=True)


def compare(model, options, scratch):
    gguf = pathlib.Path(model)
    if gguf.suffix != ".gguf":
        gguf = scratch / "model.gguf"
        convert(options.quern, model, gguf)
    folder = scratch / "folder"
    convert(options.quern, gguf, f"{folder}/")
    fast = AutoTokenizer.from_pretrained(str(folder))
    original = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    different = [0, 0]
    for text in texts(options.texts):
        def ids(*flags):
            command = [options.quern, "tokenize", str(gguf), "--json", *flags]
            return json.loads(subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout)["ids"]
        for place, found, expected in [
            (0, ids(), fast.encode(text)),
            (1, ids("--no-special", "--no-parse-special"), original.encode(text)),
        ]:
            if found != expected:
                different[place] += 1
                if different[place] < 4:
                    print(f"  {['AutoTokenizer', 'sentencepiece'][place]}: {text[:60]!r}: {found[:12]}, expected {expected[:12]}")
    print(f"{model}: {different[0]} of {options.texts + 5} texts differ from transformers, {different[1]} from sentencepiece")
    return different == [0, 0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--texts", type=int, default=300)
    options = parser.parse_args()
    same = True
    for model in options.models or [str(path) for path in sorted(FIXTURES.iterdir()) if path.is_dir()]:
        with tempfile.TemporaryDirectory() as scratch:
            same &= compare(model, options, pathlib.Path(scratch))
    sys.exit(not same)


if __name__ == "__main__":
    main()
