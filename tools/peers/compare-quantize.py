#!/usr/bin/env python3
"""Compares what quern casts and quantizes with llama.cpp's quantizer, key by key and byte by byte.

    pip install gguf
    tools/peers/compare-quantize.py QUERN LLAMA_QUANTIZE GGUF... [--types Q4_K_M,Q6_K] [--pure]

Casts each file to BF16, quantizes that by both programs, and compares metadata, tensors and whole files;
prints the seconds of both, measured one after the other with the files in memory. --requantize quantizes
the file itself instead. Exits 1 when anything differs.

A cast keeps the source's order of tensors, llama.cpp sorts them: there the files differ and the tensors do not.
"""
import argparse
import filecmp
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import time

FLOATS = ["F32", "F16", "BF16"]
TYPES = "Q4_0,Q4_1,Q5_0,Q5_1,Q8_0,Q4_K_S,Q4_K_M,Q5_K_S,Q5_K_M,Q6_K"


def contents(path):
    """Metadata with their types, and tensors as digests."""
    from gguf import GGUFReader

    reader = GGUFReader(path)
    metadata = {
        key: ([kind.name for kind in field.types], field.contents())
        for key, field in reader.fields.items()
        if not key.startswith("GGUF.")
    }
    tensors = {
        t.name: (
            t.tensor_type.name,
            [int(n) for n in reversed(t.shape)],
            hashlib.blake2b(memoryview(t.data).cast("B"), digest_size=16).hexdigest(),
        )
        for t in reader.tensors
    }
    return {"key": metadata, "tensor": tensors}


def compare(ours, theirs):
    """Differences of two files, none when they are equal."""
    if filecmp.cmp(ours, theirs, shallow=False):
        return "equal files", []
    mine, other = contents(ours), contents(theirs)
    differences = [
        f"{kind} {name}: ours {str(mine[kind].get(name))[:120]}, theirs {str(other[kind].get(name))[:120]}"
        for kind in mine
        for name in sorted(mine[kind].keys() | other[kind].keys())
        if mine[kind].get(name) != other[kind].get(name)
    ]
    orders = [f"{kind}s" for kind in mine if list(mine[kind]) != list(other[kind])]
    found = "equal but for the order of " + " and ".join(orders) if orders else "equal but for padding"
    return (f"{len(differences)} differences" if differences else found), differences


def seconds(*command):
    start = time.monotonic()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quern", type=pathlib.Path)
    parser.add_argument("quantizer", help="llama.cpp's llama-quantize")
    parser.add_argument("source", nargs="+", type=pathlib.Path)
    parser.add_argument("--types", default=TYPES, help="comma-separated; F32, F16 and BF16 cast")
    parser.add_argument("--pure", action="store_true", help="every matrix in the same type")
    parser.add_argument("--requantize", action="store_true", help="from the file as it is, quantized or not")
    parser.add_argument("--threads", default="2")
    options = parser.parse_args()
    count = 0
    for source in options.source:
        with tempfile.TemporaryDirectory(prefix="quern-compare-") as folder:
            folder = pathlib.Path(folder)
            base = source
            if not options.requantize:
                base = folder / "base.gguf"
                seconds(options.quern, "convert", source, base, "--type", "BF16", "--no-seal")
            print(f"{source.name}: seconds of quern, of llama-quantize, ratio")
            for kind in options.types.split(","):
                ours, theirs = folder / "ours.gguf", folder / "theirs.gguf"
                flags = ["--pure"] * options.pure
                again = ["--allow-requantize"] * options.requantize
                if kind in FLOATS:
                    mine = ["convert", source, ours, "--type", kind, "--overwrite", "--no-seal"]
                    other = ["--allow-requantize", source, theirs, kind]
                else:
                    mine = ["quantize", base, ours, "--type", kind, "--overwrite", "--no-seal", *flags, *again]
                    other = [*flags, *again, base, theirs, kind]
                ours.unlink(missing_ok=True)
                our_time = seconds(options.quern, *mine, "--threads", options.threads)
                their_time = seconds(options.quantizer, *other, options.threads)
                found, differences = compare(ours, theirs)
                count += len(differences)
                size = ours.stat().st_size
                print(
                    f"  {kind:8} {size:12} bytes  {our_time:7.2f} {their_time:7.2f} {their_time / our_time:6.1f}x  {found}",
                    *[f"    {line}" for line in differences[:20]],
                    sep="\n",
                    flush=True,
                )
    print(f"{count} differences")
    sys.exit(count > 0)


main()
