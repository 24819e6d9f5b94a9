#!/usr/bin/env python3
"""Compares the bytes of every encoder, at every level that runs here, with libgguf's.

Needs: pip install libgguf gguf numpy, and clang.

    tools/peers/compare-encoders.py MODEL.gguf [--weights 1048576] [--types Q4_K,Q6_K]

Prints a table of differing bytes and exits with 1 when there are any.
"""

import argparse
import sys

import libgguf
import numpy

import quern_kernels as quern

# Types whose importance the reference ignores or that have none.
PLAIN = {"F32", "F16", "BF16", "Q8_0"}


def reference(type_name, rows, importance):
    wire_id, elements, _ = quern.TYPES[type_name]
    raw = libgguf.quantize_rows_raw(wire_id, rows, *rows.shape, importance)
    return numpy.frombuffer(raw, numpy.uint8)


def differing(type_name, level, rows, importance, expected):
    found = level.encode(type_name, rows, importance)
    if found is None:
        return None
    _, elements, size = quern.TYPES[type_name]
    wrong = found != expected
    if wrong.any():
        block = int(numpy.flatnonzero(wrong)[0]) // size
        row = block * elements // rows.shape[1]
        print(f"    {type_name} {level.name}: {int(wrong.sum())} bytes differ, first in block {block}"
              f" (row {row}, starts {rows.reshape(-1)[block * elements:][:4]})", file=sys.stderr)
    return int(wrong.sum())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--weights", type=int, default=1 << 20)
    parser.add_argument("--types", default=",".join(quern.TYPES))
    parser.add_argument("--levels", default="")
    options = parser.parse_args()
    levels = [level for level in quern.levels()
              if not options.levels or level.name in options.levels.split(",")]
    data = {
        "real": quern.real_rows(options.model, options.weights),
        "gaussian": quern.gaussian_rows(options.weights),
        "nasty": quern.nasty_rows(options.weights),
    }
    print("differing bytes against libgguf; " + ", ".join(
        f"{name}: {rows.size} weights" for name, rows in data.items()))
    print(f"{'type':8} {'data':9} {'importance':11}" + "".join(f"{l.name:>9}" for l in levels))
    total = 0
    for type_name in options.types.split(","):
        if all(not level.table.encode[quern.TYPES[type_name][0]] for level in levels):
            continue
        for name, rows in data.items():
            weights = {"none": None}
            if type_name not in PLAIN:
                weights.update(quern.importances(rows.shape[1]))
            for importance_name, importance in weights.items():
                expected = reference(type_name, rows, importance)
                counts = [differing(type_name, level, rows, importance, expected) for level in levels]
                total += sum(count or 0 for count in counts)
                print(f"{type_name:8} {name:9} {importance_name:11}"
                      + "".join(f"{'-' if c is None else c:>9}" for c in counts), flush=True)
    print("equal" if total == 0 else f"{total} bytes differ")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
