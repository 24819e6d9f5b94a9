#!/usr/bin/env python3
"""Holds Quern's samplers against llama.cpp's on random logits, stage by stage.

    tools/peers/compare-sampling.py TINY-LLAMA.gguf [--seed N] [--counts 1 2 129 2500]

The model is Fixtures/checkpoints/tiny-llama, converted by quern, whose vocabulary the tests use as well. Fresh cases
are made by Fixtures/sampling/make.py with llama-cpp-python and checked by the tests, which must be built
(`swift build -c release --build-tests`). Exit code 1 when tokens or probabilities differ.
"""

import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import llama_peer

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--counts", nargs="+", default="1 2 3 5 17 129 1025 2500".split())
    llama_peer.add_arguments(parser)
    arguments = parser.parse_args()
    command = [sys.executable, ROOT / "Fixtures/sampling/make.py", arguments.model,
               "--seed", str(arguments.seed), "--counts", *arguments.counts]
    for name in ["llama_package", "llama_libraries"]:
        if getattr(arguments, name):
            command += ["--" + name.replace("_", "-"), getattr(arguments, name)]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as cases:
        subprocess.run(command, stdout=cases, check=True)
        print(f"seed {arguments.seed}", flush=True)
        test = subprocess.run(
            ["swift", "test", "-c", "release", "--skip-build", "--disable-xctest",
             "--filter", "SamplingGoldenTests"],
            cwd=ROOT, env={**os.environ, "QUERN_SAMPLING_CASES": cases.name})
    sys.exit(1 if test.returncode else 0)


main()
