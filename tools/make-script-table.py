#!/usr/bin/env python3
"""Makes Sources/Tokenizers/Unicode/ScriptTable.swift from the Unicode data of the `regex` package.

    tools/make-script-table.py > Sources/Tokenizers/Unicode/ScriptTable.swift
"""

import regex
from regex import _regex_core

SCALARS = "".join(chr(value) for value in range(0x110000) if not 0xD800 <= value < 0xE000)


def ranges(name):
    for match in regex.finditer(r"\p{Script=%s}+" % name, SCALARS):
        low, high = ord(match[0][0]), ord(match[0][-1])
        yield f"{low:X}" if low == high else f"{low:X}-{high:X}"


def main():
    names = {}
    for name, number in _regex_core.PROPERTIES["SCRIPT"][1].items():
        names.setdefault(number, []).append(name.replace("_", "").lower())
    print("/// The scripts of Unicode: their names, longest first, and their scalars in hexadecimal.")
    print("///")
    print("/// Made by `tools/make-script-table.py`.")
    print("enum ScriptTable {")
    print("  static let rows: [(names: String, ranges: String)] = text.split(separator: \"\\n\").map { line in")
    print('    let halves = line.split(separator: ":", omittingEmptySubsequences: false)')
    print("    return (String(halves[0]), String(halves[1]))")
    print("  }")
    print()
    print('  private static let text = """')
    rows = []
    for aliases in names.values():
        if "unknown" not in aliases:
            aliases.sort(key=lambda alias: (-len(alias), alias))
            rows.append((" ".join(aliases), " ".join(ranges(aliases[0]))))
    for aliases, scalars in sorted(rows):
        print(f"    {aliases}:{scalars}")
    print('    """')
    print("}")


if __name__ == "__main__":
    main()
