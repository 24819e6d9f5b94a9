#!/usr/bin/env python3
"""Compares the bytes of every encoder and the bits of every decoder, at every level that runs here,
with libgguf's.

Needs: pip install libgguf gguf numpy, and clang; for Q2_0 see quern_kernels.py.

    tools/peers/compare-encoders.py MODEL.gguf [--weights 1048576] [--types Q4_K,Q6_K]

Prints a table of differing bytes and exits with 1 when there are any.
"""

import argparse
import sys

import numpy

import quern_kernels as quern


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


def differing_floats(type_name, level, blocks, shape, reference):
    """How many elements of the reference's blocks decode to other bits; NaN is NaN."""
    found = level.decode(type_name, blocks, shape[0] * shape[1])
    expected = numpy.empty(shape[0] * shape[1], numpy.float32)
    reference.decode_into(type_name, blocks, expected, shape)
    both_nan = numpy.isnan(found) & numpy.isnan(expected)
    return int(((found.view(numpy.uint32) != expected.view(numpy.uint32)) & ~both_nan).sum())


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
    reference = quern.Reference()
    for type_name in options.types.split(","):
        if (all(not level.table.encode[quern.TYPES[type_name][0]] for level in levels)
                or not reference.has(type_name)):
            continue
        for name, rows in data.items():
            weights = {} if type_name in quern.DEMANDING else {"none": None}
            if type_name not in quern.PLAIN:
                weights.update(quern.importances(rows.shape[1]))
            for importance_name, importance in weights.items():
                if name == "nasty" and type_name in quern.FRAGILE:
                    if reference.base is None:
                        continue
                    rows = data[name][reference.survivors(type_name, data[name], importance)]
                expected = reference.encode(type_name, rows, importance)
                counts = [differing(type_name, level, rows, importance, expected) for level in levels]
                total += sum(count or 0 for count in counts)
                print(f"{type_name:8} {name:9} {importance_name:11}"
                      + "".join(f"{'-' if c is None else c:>9}" for c in counts), flush=True)
            if type_name not in ("F32", "F16", "BF16"):
                counts = [differing_floats(type_name, level, expected, rows.shape, reference)
                          for level in levels]
                total += sum(counts)
                print(f"{type_name:8} {name:9} decoded    " + "".join(f"{c:>9}" for c in counts))
    print("equal" if total == 0 else f"{total} bytes or decoded elements differ")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
