#!/usr/bin/env python3
"""Times `quern tokenize` beside the `tokenizers` library, one thread each, on the same text.

    tools/peers/bench-tokenizers.py [MODEL.gguf|tokenizer.json...] [--kinds KIND...] [--quern PATH] [--megabytes 8]
        [--repeats 5]

Without a MODEL: vocabularies trained on the spot, of every model (Fixtures/tokenizers/vocabularies.py). Times are of the
processor, medians of turns taken one after the other; of ours the time of a run without text is taken off. The library
encodes the text as lines of a batch without offsets, which is the fastest it has. Ratios above 1: we are faster.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Fixtures" / "tokenizers"))
from vocabularies import MATRIX, trained

CHINESE = "磨坊主在两块石头之间磨谷物，面粉落入下面的袋子里。这是一项缓慢的工作，但他宁愿做好而不愿做快。\n"
RUSSIAN = "Мельница перемалывает зерно между двумя камнями, и мука падает в мешок. Größer, schöner, älter, l'été.\n"


def texts(megabytes):
    size = int(megabytes * 1e6)
    files = sorted(pathlib.Path(json.__file__).parent.parent.rglob("*.py"))
    code = ""
    for file in files:
        code += file.read_text(encoding="utf-8", errors="replace")
        if len(code) > size:
            break
    mixed = (CHINESE + RUSSIAN) * (size // len((CHINESE + RUSSIAN).encode()) + 1)
    return {"code": code[:size], "Chinese and Russian": mixed.encode()[:size].decode("utf-8", "ignore")}


def child_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bench(options, name, path, folder):
    peer = Tokenizer.from_file(str(path))
    empty = folder / "empty.txt"
    empty.write_text("")
    for what, text in texts(options.megabytes).items():
        file = folder / "text.txt"
        file.write_text(text, encoding="utf-8")
        lines = text.splitlines(keepends=True)
        command = [options.quern, "tokenize", str(path), "--count", "--no-special", "--file"]
        ours, theirs = [], []
        for _ in range(options.repeats):
            ours.append(child_seconds(command + [str(file)]) - child_seconds(command + [str(empty)]))
            start = time.process_time()
            peer.encode_batch_fast(lines, add_special_tokens=False)
            theirs.append(time.process_time() - start)
        mine, other = statistics.median(ours), statistics.median(theirs)
        size = len(text.encode()) / 1e6
        print(f"{name}, {what}: {size / mine:.1f} MB/s, tokenizers {size / other:.1f} MB/s, ratio {other / mine:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--kinds", nargs="*", default=list(MATRIX))
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--megabytes", type=float, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for model in options.models:
            bench(options, model.name, model, folder)
        for kind in [] if options.models else options.kinds:
            path = folder / "tokenizer.json"
            path.write_text(trained(kind), encoding="utf-8")
            bench(options, kind, path, folder)


if __name__ == "__main__":
    main()
