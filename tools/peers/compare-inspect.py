#!/usr/bin/env python3
"""Compares `quern inspect --json` with the `gguf` and `safetensors` packages, field by field.

    pip install gguf safetensors
    tools/peers/compare-inspect.py QUERN FILE_OR_FOLDER...

Exits 1 when any field differs.
"""
import json
import math
import pathlib
import subprocess
import sys


def inspect(quern, path):
    return json.loads(subprocess.run([quern, "inspect", path, "--json"], check=True, capture_output=True).stdout)


def plain(value):
    """A numpy or Python value as JSON has it."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def expected_gguf(path):
    from gguf import GGUFReader

    reader = GGUFReader(path)
    fields = {k: f for k, f in reader.fields.items() if not k.startswith("GGUF.")}
    return {
        "format": "gguf",
        "version": int(reader.fields["GGUF.version"].contents()),
        "alignment": int(reader.alignment),
        "data_offset": int(reader.data_offset),
        "architecture": reader.get_field("general.architecture").contents(),
        "metadata": {k: plain(f.contents()) for k, f in fields.items()},
        "tensors": [
            {
                "name": t.name,
                "type": t.tensor_type.name,
                "shape": [int(n) for n in reversed(t.shape)],
                "offset": int(t.data_offset),
                "bytes": int(t.n_bytes),
            }
            for t in reader.tensors
        ],
        "parameters": sum(int(t.n_elements) for t in reader.tensors),
    }


def expected_safetensors(paths, names):
    from safetensors import safe_open

    metadata, tensors, parameters = {}, [], 0
    for path in paths:
        raw = path.read_bytes()
        size = int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8 : 8 + size])
        with safe_open(path, framework="numpy") as f:
            metadata |= f.metadata() or {}
            for name in f.offset_keys():
                piece = f.get_slice(name)
                begin, end = header[name]["data_offsets"]
                entry = {
                    "name": name,
                    "type": piece.get_dtype(),
                    "shape": piece.get_shape(),
                    "offset": 8 + size + begin,
                    "bytes": end - begin,
                }
                if names:
                    entry["file"] = path.name
                tensors.append(entry)
                parameters += math.prod(piece.get_shape())
    return {"metadata": metadata, "tensors": tensors, "parameters": parameters}


def expected(path):
    path = pathlib.Path(path)
    if path.is_dir():
        config = json.loads((path / "config.json").read_text())
        files = sorted(path.glob("*.safetensors"))
        return {"format": "huggingface", "architecture": config["architectures"][0]} | expected_safetensors(files, True)
    if path.suffix == ".gguf":
        return expected_gguf(path)
    return {"format": "safetensors", "architecture": None} | expected_safetensors([path], False)


def main():
    quern, *paths = sys.argv[1:]
    differences = 0
    for path in paths:
        ours, theirs = inspect(quern, path), expected(path)
        compared = 0
        for key, value in theirs.items():
            if key in ("metadata", "tensors"):
                mine = ours[key]
                pairs = (
                    [(k, mine.get(k), v) for k, v in value.items()] + [(k, mine[k], None) for k in mine if k not in value]
                    if key == "metadata"
                    else [(v["name"], m, v) for m, v in zip(mine, value)] + [("count", len(mine), len(value))]
                )
            else:
                pairs = [(key, ours.get(key), value)]
            for name, m, v in pairs:
                compared += 1
                if m != v:
                    differences += 1
                    print(f"{path}: {key} {name}: ours {str(m)[:200]}, theirs {str(v)[:200]}")
        print(f"{path}: {compared} fields compared")
    print(f"{differences} differences")
    sys.exit(differences > 0)


main()
