#!/usr/bin/env python3
"""Whether big-endian files are those that the gguf package makes and reads.

    pip install gguf
    tools/peers/compare-endian.py QUERN SOURCE [--types F32,BF16,Q4_K,...]

Converts a checkpoint to each type, little- and big-endian. For the types that gguf_convert_endian knows the bytes
of the whole file must be those that it makes; for the others the metadata and tensor infos that GGUFReader finds
must be equal. A big-endian file is converted back, and must be the little-endian one. Exits 1 when anything differs.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

from gguf import GGUFReader

TYPES = "F32,F16,BF16,Q8_0,Q4_0,Q4_1,Q5_0,Q5_1,Q2_K,Q3_K,Q4_K,Q5_K,Q6_K,IQ4_NL,IQ4_XS,TQ1_0,TQ2_0,MXFP4_MOE"


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    return done.returncode == 0, done.stdout[-300:] + done.stderr[-500:]


def contents(path):
    reader = GGUFReader(path)
    fields = {key: (field.types, field.contents()) for key, field in reader.fields.items() if key[:5] != "GGUF."}
    infos = [(t.name, t.tensor_type, tuple(map(int, t.shape)), int(t.data_offset)) for t in reader.tensors]
    return reader.endianess.name, fields, infos


def compare(options, kind, folder):
    little, big, theirs, back = (folder / f"{name}.gguf" for name in ("little", "big", "theirs", "back"))
    verb = ["quantize", "--pure", "--type"] if kind not in ("F32", "F16", "BF16") else ["convert", "--type"]
    made, message = run(options.quern, verb[0], options.source, little, "--no-seal", *verb[1:], kind)
    if not made:
        return f"not made: {message.strip()}", True
    for arguments in ([little, big, "--endian", "big"], [big, back]):
        done, message = run(options.quern, "convert", "--no-seal", *arguments)
        if not done:
            return message.strip(), False
    if little.read_bytes() != back.read_bytes():
        return "does not come back", False
    ours, original = contents(big), contents(little)
    if ours[0] != "BIG" or ours[1:] != original[1:]:
        return "read otherwise by gguf", False
    shutil.copy(little, theirs)
    done, message = run(sys.executable, "-m", "gguf.scripts.gguf_convert_endian", theirs, "big", input="YES\n")
    if not done:
        return "read and comes back; not one that gguf converts", "Cannot handle type" in message
    return "the same bytes", theirs.read_bytes() == big.read_bytes()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("quern")
    parser.add_argument("source")
    parser.add_argument("--types", default=TYPES)
    options = parser.parse_args()
    failures = 0
    for kind in options.types.split(","):
        with tempfile.TemporaryDirectory() as folder:
            what, holds = compare(options, kind, pathlib.Path(folder))
        failures += not holds
        print(f"{kind:10} {'' if holds else 'DIFFERENT: '}{what}", flush=True)
    sys.exit(failures != 0)


if __name__ == "__main__":
    main()
