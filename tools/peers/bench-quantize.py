#!/usr/bin/env python3
"""Times whole conversions beside llama.cpp's, in turn: seconds, the ratio, processor seconds and memory.

    tools/peers/bench-quantize.py QUERN LLAMA_QUANTIZE BF16.gguf [--types Q4_K_M,Q6_K,Q8_0] [--rounds 3] [--threads 2]
    tools/peers/bench-quantize.py QUERN LLAMA_QUANTIZE BF16.gguf --folder FOLDER --converter convert_hf_to_gguf.py

Both quantizers read the same file from memory where it fits and write to the same disk. Quern syncs what it
wrote before it says that it is done, llama.cpp leaves it to the system: the time that a sync after it takes is
printed beside ("then sync"), and is no part of its seconds. Files are compared, and exit status 1 says
that they differ.

With --folder: a Hugging Face folder straight to Q4_K_M, beside llama.cpp's converter making a BF16 GGUF of it
(needs its Python packages: torch, transformers, gguf).
"""
import argparse
import filecmp
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time


def run(command):
    """Wall seconds, processor seconds and peak MB of a command."""
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{errors.decode(errors='replace')[-2000:]}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def settled():
    """Waits until nothing is left to write, so that nobody pays for another; returns the seconds."""
    start = time.monotonic()
    os.sync()
    return time.monotonic() - start


def read(path):
    """Brings a file into memory, where it fits."""
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass


def pair(name, source, ours, theirs, rounds):
    """Runs both in turn; each is (command, output)."""
    mine, other, syncs = [], [], []
    for _ in range(rounds):
        for (command, output), found in ((ours, mine), (theirs, other)):
            output.unlink(missing_ok=True)
            settled()
            if source.is_file():
                read(source)
            found.append(run(command))
            if found is other:
                syncs.append(settled())
    median = lambda runs, index: statistics.median(run[index] for run in runs)
    ratios = [b[0] / a[0] for a, b in zip(mine, other)]
    print(f"{name:10} {median(mine, 0):8.2f} {median(other, 0):8.2f} {statistics.median(ratios):7.1f}x"
          f" ({min(ratios):.1f} to {max(ratios):.1f}) {median(mine, 1):8.2f} {median(other, 1):8.2f}"
          f" {median(mine, 2):7.0f} {median(other, 2):7.0f} {statistics.median(syncs):8.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quern", type=pathlib.Path)
    parser.add_argument("quantizer", type=pathlib.Path, help="llama.cpp's llama-quantize")
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--types", default="Q4_K_M,Q6_K,Q8_0")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", default="2")
    parser.add_argument("--imatrix", help="an importance matrix for both")
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--converter", type=pathlib.Path)
    options = parser.parse_args()
    importance = ["--imatrix", options.imatrix] if options.imatrix else []
    differing = 0
    print(f"{options.source.name}, {options.threads} threads, medians of {options.rounds}; peak in MB")
    print(f"{'':10} {'quern s':>8} {'peer s':>8} {'ratio':>8} {'':15} {'cpu s':>4} {'peer':>8}"
          f" {'peak':>7} {'peer':>7} {'then sync':>9}")
    with tempfile.TemporaryDirectory(prefix="quern-bench-", dir=options.source.parent) as folder:
        ours, theirs = pathlib.Path(folder, "ours.gguf"), pathlib.Path(folder, "theirs.gguf")
        for kind in options.types.split(","):
            pair(kind, options.source,
                 ([options.quern, "quantize", options.source, ours, "--type", kind, "--quiet", "--no-seal",
                   "--threads", options.threads, *importance], ours),
                 ([options.quantizer, *importance, options.source, theirs, kind, options.threads], theirs),
                 options.rounds)
            if not filecmp.cmp(ours, theirs, shallow=False):
                differing += 1
                print(f"  {kind}: the files differ")
        if options.folder:
            pair("folder", options.folder,
                 ([options.quern, "quantize", options.folder, ours, "--type", "Q4_K_M", "--quiet",
                   "--threads", options.threads], ours),
                 ([sys.executable, options.converter, options.folder, "--outtype", "bf16",
                   "--outfile", theirs], theirs),
                 options.rounds)
    sys.exit(differing > 0)


main()
