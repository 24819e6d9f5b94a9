#!/usr/bin/env python3
"""Whether other readers find what `quern edit` wrote, and nothing else changed.

    tools/peers/compare-edits.py QUERN GGUF... [--splitter LLAMA_GGUF_SPLIT]

Edits each file with one value of every type, a list, a removed key and a renamed tensor: as a copy, as a copy
with room, and that once more in place. The gguf package must read every value back with its type, keep all
other keys, and find equal bytes in every tensor. With --splitter llama.cpp's own reader of GGUF opens them all.
Safetensors files are made by the safetensors package, edited, and read back by it. Exits 1 when anything differs.
Needs gguf, numpy and safetensors.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy
from gguf import GGUFReader
from safetensors import safe_open
from safetensors.numpy import save_file

VALUES = {
    "u8": 200, "i8": -100, "u16": 60000, "i16": -30000, "u32": 4000000000, "i32": -2000000000,
    "u64": 2**63, "i64": -(2**62), "f32": 0.5, "f64": 0.1, "bool": True, "str": "grain: ä, b=c",
    "arr[i32]": [1, -2], "arr[str]": ["a", "b c"], "arr[f32]": [0.5, 2.0], "arr[bool]": [True, False],
}
failures = 0


def check(what, holds):
    global failures
    failures += not holds
    if not holds:
        print(f"    DIFFERENT: {what}", flush=True)


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")


def text(value):
    if isinstance(value, list):
        return ",".join(map(text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def fields(reader):
    return {key: (field.types, field.contents()) for key, field in reader.fields.items()
            if not key.startswith("GGUF.") and not key.startswith("quern.")}


def compare(source, path, removed, renamed, values):
    before, after = GGUFReader(source), GGUFReader(path)
    old, new = fields(before), fields(after)
    for kind, value in values.items():
        found = new.pop(f"test.{kind}", (None, None))[1]
        check(f"{kind}: {value} became {found}", found == value)
    old.pop(removed, None)
    check("the other keys", old == new)
    names = [renamed.get(tensor.name, tensor.name) for tensor in before.tensors]
    check("the names", names == [tensor.name for tensor in after.tensors])
    check("the tensors", all(
        a.tensor_type == b.tensor_type and numpy.array_equal(a.data, b.data)
        for a, b in zip(before.tensors, after.tensors)))


def edit_gguf(options, source, folder):
    print(source.name)
    removed = "general.file_type"
    first = GGUFReader(source).tensors[0].name
    renamed = {first: "renamed.weight"}
    flags = [part for kind, value in VALUES.items() for part in ("--set", f"test.{kind}={kind}:{text(value)}")]
    flags += ["--remove", removed]
    rename = ["--rename-tensor", f"{first}=renamed.weight"]
    copy, roomy, kept = folder / "copy.gguf", folder / "roomy.gguf", folder / "kept.gguf"
    run(options.quern, "edit", source, copy, *flags, *rename)
    compare(source, copy, removed, renamed, VALUES)
    run(options.quern, "edit", source, roomy, "--room", "100KB")
    compare(source, roomy, None, {}, {})
    run(options.quern, "edit", roomy, "--in-place", *flags, *rename)
    compare(source, roomy, removed, renamed, VALUES)
    run(options.quern, "edit", source, kept, *flags, "--room", "1KB")
    run(options.quern, "edit", kept, "--in-place", "--set", "general.name=str:x")
    if options.splitter:
        for path in (copy, roomy, kept):
            run(options.splitter, "--split", "--dry-run", "--split-max-size", "10G", path, folder / "dry")
    for path in (copy, roomy, kept):
        path.unlink()


def edit_safetensors(options, folder):
    print("safetensors")
    source, copy = folder / "a.safetensors", folder / "b.safetensors"
    tensors = {"one": numpy.arange(6, dtype=numpy.float32).reshape(2, 3), "two": numpy.zeros((0, 4), numpy.int8),
               "three": numpy.array(7, dtype=numpy.int64)}
    save_file(tensors, source, metadata={"format": "pt", "old": "x"})
    run(options.quern, "edit", source, copy, "--set", 'new=str:"ä"\n', "--remove", "old", "--rename-tensor", "one=1",
        "--room", "1KB")
    run(options.quern, "edit", copy, "--in-place", "--set", "more=str:" + "y" * 900)
    with safe_open(copy, "numpy") as file:
        check("the metadata", {key: value for key, value in file.metadata().items() if key[:6] != "quern."} == {"format": "pt", "new": '"ä"\n', "more": "y" * 900})
        for name, value in {"1": tensors["one"], "two": tensors["two"], "three": tensors["three"]}.items():
            found = file.get_tensor(name)
            check(name, found.dtype == value.dtype and numpy.array_equal(found, value))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("quern")
    parser.add_argument("sources", nargs="+", type=pathlib.Path)
    parser.add_argument("--splitter")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for source in options.sources:
            edit_gguf(options, source, pathlib.Path(folder))
        edit_safetensors(options, pathlib.Path(folder))
    print("all equal" if failures == 0 else f"{failures} differences")
    sys.exit(failures != 0)


if __name__ == "__main__":
    main()
