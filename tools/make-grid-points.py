#!/usr/bin/env python3
"""Writes Sources/CKernels/grids/points.h: which vectors are on the grids of the IQ types.

Needs: pip install gguf==0.19.0 numpy. The grids are facts of the format; the gguf package holds them as
levels, this script keeps one bit a vector. It also counts the neighbours that grids.c will find.
"""

import pathlib

import gguf.quants
import numpy

# Name, digits of a vector, base of a digit, and how many distances count as near.
GRIDS = [
    ("IQ2_XXS", "iq2_XXS", 8, 3, 2), ("IQ2_XS", "iq2_XS", 8, 3, 2), ("IQ2_S", "iq2_S", 8, 3, 1),
    ("IQ1_S", "iq1", 8, 3, 3), ("IQ3_XXS", "iq3_XXS", 4, 8, 2), ("IQ3_S", "iq3_S", 4, 8, 3),
]


def digits_of(name, count):
    kind = getattr(gguf.quants, name)
    kind.init_grid()
    levels = kind.grid.reshape(-1, count)
    values = numpy.unique(levels)
    return numpy.searchsorted(values, levels)


def neighbours(digits, base, near):
    """Room for the lists of all vectors off the grid, each filled up to a multiple of eight."""
    count = digits.shape[1]
    everything = numpy.arange(base**count)[:, None] // base ** numpy.arange(count) % base
    on = set((digits * base ** numpy.arange(count)).sum(1).tolist())
    total = 0
    for number, vector in enumerate(everything):
        if number not in on:
            distances = ((digits - vector) ** 2).sum(1)
            total += -(-int((distances <= numpy.unique(distances)[:near][-1]).sum()) // 8) * 8
    return total


def main():
    out = [
        "// Made by tools/make-grid-points.py from gguf 0.19. Private.",
        "//",
        "// Bit n of a grid says whether the vector is a point whose digits, first element lowest, spell n",
        "// (to base 3 for eight elements, to base 8 for four). Points are numbered as the bits ascend.",
        "#ifndef QUERN_GRIDS_POINTS_H",
        "#define QUERN_GRIDS_POINTS_H",
        "",
        "#include <stdint.h>",
        "",
        "enum {  // codes in all lists of neighbours",
    ]
    bitmaps = []
    for name, short, count, base, near in GRIDS:
        digits = digits_of(name, count)
        numbers = (digits * base ** numpy.arange(count)).sum(1)
        assert (numpy.diff(numbers) > 0).all()
        bits = sum(1 << int(number) for number in numbers)
        words = [f"0x{bits >> 64 * i & 2**64 - 1:016x}" for i in range(-(-base**count // 64))]
        out.append(f"  QUERN_NEIGHBOURS_{short} = {neighbours(digits, base, near)},")
        bitmaps.append(f"static const uint64_t quern_points_{short}[{len(words)}] = {{")
        bitmaps += ["    " + " ".join(word + "," for word in words[i : i + 4])
                    for i in range(0, len(words), 4)]
        bitmaps += ["};", ""]
    out += ["};", ""] + bitmaps + ["#endif"]
    root = pathlib.Path(__file__).resolve().parents[1]
    (root / "Sources/CKernels/grids/points.h").write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
