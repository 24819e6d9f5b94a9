#!/usr/bin/env python3
"""Measures encoders, one thread: millions of weights a second at each level beside libgguf's.

Needs: pip install libgguf gguf numpy, and clang; for Q2_0 see quern_kernels.py.

    tools/peers/bench-encoders.py MODEL.gguf [--weights 1048576] [--pairs 5] [--importance] [--decode]

Peer and levels run in turn, --pairs times; medians, and the ratio to the peer in brackets.
"""

import argparse
import os
import statistics
import time

import numpy

import quern_kernels as quern

os.environ["LIBGGUF_NUM_THREADS"] = "1"


def seconds(body, at_least=0.02):
    """Processor seconds of one call, over as many as take `at_least`, of all threads."""
    calls, start = 0, time.process_time()
    while True:
        body()
        calls += 1
        taken = time.process_time() - start
        if taken >= at_least:
            return taken / calls


def contenders(type_name, rows, importance, levels, decode, reference):
    blocks = reference.encode(type_name, rows, importance)
    if not decode:
        yield "libgguf", lambda: reference.encode_into(type_name, rows, blocks, importance)
        for level in levels:
            yield level.name, lambda level=level: level.encode(type_name, rows, importance)
        return
    output = numpy.empty(rows.size, numpy.float32)
    if type_name not in ("F32", "F16", "BF16"):
        yield "libgguf", lambda: reference.decode_into(type_name, blocks, output, rows.shape)
    for level in levels:
        yield level.name, lambda level=level: level.decode(type_name, blocks, rows.size)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--weights", type=int, default=1 << 20)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--types", default=",".join(quern.TYPES))
    parser.add_argument("--importance", action="store_true")
    parser.add_argument("--decode", action="store_true")
    options = parser.parse_args()
    levels, reference = quern.levels(), quern.Reference()
    rows = quern.real_rows(options.model, options.weights)
    importance = quern.importances(rows.shape[1])["usual"] if options.importance else None
    names = ["libgguf"] + [level.name for level in levels]
    print(f"M weights/s, {rows.size} weights, " + ("decoding" if options.decode else
          "with importance" if options.importance else "without importance"))
    print(f"{'type':8}" + "".join(f"{name:>18}" for name in names))
    for type_name in options.types.split(","):
        if (not levels[0].table.encode[quern.TYPES[type_name][0]] or not reference.has(type_name)
                or type_name in quern.DEMANDING and importance is None):
            continue
        runs = list(contenders(type_name, rows, importance, levels, options.decode, reference))
        times = {name: [] for name, _ in runs}
        for _ in range(options.pairs):
            for name, body in runs:
                times[name].append(seconds(body))
        rate = {name: rows.size / 1e6 / statistics.median(t) for name, t in times.items()}
        line = f"{type_name:8}"
        for name in names:
            ratio = f"({rate[name] / rate['libgguf']:.1f})" if name in rate and "libgguf" in rate else ""
            line += f"{rate[name]:>10.1f} {ratio:>7}" if name in rate else f"{'-':>18}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
