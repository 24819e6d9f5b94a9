#!/usr/bin/env python3
"""Makes golden.txt: what libgguf's encoders and decoders give for a small generated input.

Needs: pip install libgguf==0.2.2 numpy, and for Q2_0, which libgguf lacks, llama.cpp's shared library
(libggml-base.so of llama-cpp-python 0.3.36) as the only argument. Writes golden.txt beside this script.

The input is made of integers and powers of two only, so that any language makes the same floats;
Tests/BlockQuantTests/GoldenInput.swift is its other implementation.
"""

import ctypes
import pathlib
import sys

import libgguf
import numpy

COLUMNS, ROWS = 512, 16
TYPES = {
    "F16": 1, "BF16": 30, "Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8,
    "Q4_K": 12, "Q5_K": 13, "Q6_K": 14, "Q2_K": 10, "Q3_K": 11, "IQ4_NL": 20, "IQ4_XS": 23,
    "TQ1_0": 34, "TQ2_0": 35, "MXFP4": 39, "NVFP4": 40, "Q1_0": 41, "Q2_0": 42,
    "IQ3_XXS": 18, "IQ3_S": 21, "IQ2_XXS": 16, "IQ2_XS": 17, "IQ2_S": 22, "IQ1_S": 19, "IQ1_M": 29,
}
DEMANDING = {"IQ2_XXS", "IQ2_XS", "IQ1_S"}  # not encoded without importance
# Rows whose squares overflow: with these types the reference then reads what is not there.
UNDEFINED = {4, 6, 11}
Q2_0_BYTES = COLUMNS // 64 * 18


class Generator:
    """Knuth's 64-bit linear congruential generator; its high 32 bits."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return self.state >> 32

    def bell(self):
        """Nearly normal around zero, deviation about 0.58: exact in a float."""
        return (sum(self.next() >> 10 for _ in range(4)) - 2**23) * 2.0**-22

    def power(self, spread):
        """A power of two between -spread and spread."""
        return 2.0 ** (self.next() % (2 * spread + 1) - spread)


def bits(value):
    return float(numpy.uint32(value).view(numpy.float32))


def row(kind, g):
    each = lambda make: [make() for _ in range(COLUMNS)]
    if kind == 0:
        return [0.0] * COLUMNS
    if kind == 1:
        values = each(lambda: g.bell() / 256)
        values[77] = 1000.0
        return values
    if kind == 2:  # subnormals of both signs
        return each(lambda: bits(g.next() & 0x800FFFFF))
    if kind == 3:
        return [0.375] * COLUMNS
    if kind == 4:  # huge
        return each(lambda: g.bell() * 2.0**126)
    if kind == 5:  # heavy tails
        return each(lambda: g.bell() * g.power(20))
    if kind == 6:  # everything there is
        return each(lambda: g.bell() * g.power(100))
    if kind == 7:
        return each(lambda: abs(g.bell()))
    if kind == 8:  # narrow and far from zero
        return each(lambda: g.bell() / 16 - 1000)
    if kind == 9:
        return each(lambda: 1.0 if g.next() & 1 else -1.0)
    if kind == 10:  # squares underflow
        return each(lambda: g.bell() * 2.0**-70)
    if kind == 11:  # squares overflow
        return each(lambda: g.bell() * 2.0**70)
    return each(lambda: g.bell() / 32)


def digest(data):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in bytes(data):
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def encode(name, source, weights):
    if name != "Q2_0":
        return libgguf.quantize_rows_raw(TYPES[name], source, 1, COLUMNS, weights)
    blocks = ctypes.create_string_buffer(Q2_0_BYTES)
    ctypes.CDLL(sys.argv[1]).quantize_q2_0(
        ctypes.c_void_p(source.ctypes.data), blocks, ctypes.c_int64(1), ctypes.c_int64(COLUMNS), None)
    return blocks.raw


def decode(name, blocks):
    if name == "F16":
        return numpy.frombuffer(blocks, numpy.float16).astype(numpy.float32)
    if name == "BF16":
        return (numpy.frombuffer(blocks, numpy.uint16).astype(numpy.uint32) << 16).view(numpy.float32)
    if name != "Q2_0":
        raw = libgguf.dequantize_rows_raw(TYPES[name], blocks, 1, COLUMNS)
        return numpy.frombuffer(raw, numpy.float32)
    floats = numpy.empty(COLUMNS, numpy.float32)
    ctypes.CDLL(sys.argv[1]).dequantize_row_q2_0(
        blocks, ctypes.c_void_p(floats.ctypes.data), ctypes.c_int64(COLUMNS))
    return floats


def main():
    g = Generator(1)
    values = numpy.array([row(kind, g) for kind in range(ROWS)], numpy.float32)
    importance = numpy.array(
        [0.0 if g.next() % 7 == 0 else (g.next() >> 8) * 2.0**-20 for _ in range(COLUMNS)],
        numpy.float32)
    lines = [
        "# Made by make.py with libgguf 0.2.2. FNV-1a of each row's encoded bytes, and of the little-endian",
        "# floats that they decode to (any NaN as 7fc00000).",
        "# type importance row encoded decoded",
        f"# input {digest(values.tobytes())} importance {digest(importance.tobytes())}",
    ]
    for name in TYPES:
        for label, weights in [("none", None), ("given", importance)]:
            if weights is None and name in DEMANDING:
                continue
            for index in range(ROWS):
                if name.startswith(("IQ1", "IQ2", "IQ3")) and index in UNDEFINED:
                    continue
                blocks = encode(name, values[index : index + 1], weights)
                floats = decode(name, blocks).view(numpy.uint32).copy()
                floats[floats << 1 > 0xFF000000] = 0x7FC00000  # one NaN, whatever the processor
                lines.append(f"{name} {label} {index} {digest(blocks)} {digest(floats.tobytes())}")
    path = pathlib.Path(__file__).parent / "golden.txt"
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
