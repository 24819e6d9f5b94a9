#!/usr/bin/env python3
"""Whether llama.cpp loads and runs the GGUFs that we write.

    tools/peers/run-in-llama-cpp.py QUERN SOURCE... [--types F32,BF16,Q4_K_M]

Converts each source (a GGUF or a Hugging Face folder) to each type, loads the result in llama.cpp and
continues a text greedily; prints a line for each. Exits 1 when llama.cpp refuses one or gives a logit that
is not finite. Needs numpy and llama-cpp-python.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import llama_peer

TYPES = "F32,F16,BF16,Q8_0,Q4_0,Q4_K_S,Q4_K_M,Q5_K_M,Q6_K"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("quern")
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--types", default=TYPES)
    parser.add_argument("--tokens", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    llama_peer.add_arguments(parser)
    arguments = parser.parse_args()
    llama_cpp = llama_peer.load(arguments)
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for source in arguments.sources:
            for kind in arguments.types.split(","):
                path = pathlib.Path(folder) / "model.gguf"
                subprocess.run(
                    [arguments.quern, "quantize", source, path, "--type", kind, "--allow-requantize", "--overwrite", "--quiet"],
                    check=True,
                )
                try:
                    model = llama_cpp.Llama(str(path), n_ctx=256, n_threads=arguments.threads, verbose=False, logits_all=True)
                    model.reset()
                    ids = model.tokenize(b"The sky is blue because", special=True)
                    text = b""
                    finite = True
                    for _ in range(arguments.tokens):
                        model.eval(ids)
                        logits = model.scores[model.n_tokens - 1]
                        finite &= bool(numpy.isfinite(logits).all())
                        ids = [int(numpy.argmax(logits))]
                        text += model.detokenize(ids)
                    verdict = "ok" if finite else "NOT FINITE"
                    text = text.decode(errors="replace")
                    model.close()
                except Exception as error:
                    verdict, text, finite = "REFUSED", str(error), False
                failures += not finite
                print(f"{pathlib.Path(source).name:28} {kind:8} {path.stat().st_size / 1e6:9.1f} MB  {verdict}  {text!r}", flush=True)
    sys.exit(failures > 0)


main()
