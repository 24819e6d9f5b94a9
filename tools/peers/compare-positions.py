#!/usr/bin/env python3
"""Runs stretched positions, windows and long texts three ways: Quern, transformers and llama.cpp, all in F32.

    compare-positions.py --quern .build/release/quern --rotary Fixtures/rotary/golden.json
    compare-positions.py --quern .build/release/quern --length 100 FOLDER...

Each folder becomes an F32 GGUF by `quern convert`. Printed: the largest difference of a logit from
transformers (at most 1e-3), and the mean KL divergence from llama.cpp (at most 1e-4), for a batch and one
token at a time. With --rotary the folders are those of the golden data, with their changed config.json.
--length sets the number of tokens, which is also the context. Needs numpy, torch, transformers and
llama-cpp-python.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import llama_peer


def log_softmax(logits):
    logits = logits.astype(numpy.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    return logits - numpy.log(numpy.exp(logits).sum(axis=-1, keepdims=True))


def divergence(truth, found):
    reference, other = log_softmax(truth), log_softmax(found)
    return float((numpy.exp(reference) * (reference - other)).sum(axis=-1).mean())


def quern_logits(arguments, path, ids, scratch, *flags):
    ids_path, output = scratch / "ids", scratch / "logits"
    ids_path.write_text(" ".join(map(str, ids)))
    subprocess.run([arguments.quern, "logits", path, "--ids", ids_path, "--output", output, "--sequence",
                    str(len(ids)), "--overwrite", "--quiet", *flags], check=True)
    return numpy.fromfile(output, numpy.float32).reshape(len(ids), -1)


def transformers_logits(folder, ids):
    import torch
    from transformers import AutoModelForCausalLM
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].numpy()


def llama_logits(llama, path, ids):
    context = llama_peer.Model(llama, str(path)).context(len(ids), 2, "f32")
    context.decode(ids, 0, True)
    logits = context.logits(len(ids))
    context.close()
    return logits


def compare(name, folder, arguments, llama):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        path = scratch / "model.gguf"
        subprocess.run([arguments.quern, "convert", folder, path, "--type", "f32", "--quiet"], check=True)
        config = json.loads((folder / "config.json").read_text())
        rows = config["vocab_size"]
        ids = [(index * index * 7 + index * 31 + 5) % (rows - 32) for index in range(arguments.length)]
        ours = quern_logits(arguments, path, ids, scratch)
        single = quern_logits(arguments, path, ids, scratch, "--one-by-one")
        theirs = transformers_logits(folder, ids)
        worst = max(float(abs(found - theirs).max()) for found in (ours, single))
        line = f"{name:32} transformers {worst:.1e}"
        failed = worst > 1e-3
        if llama:
            peer = llama_logits(llama, path, ids)
            between = max(divergence(peer, found) for found in (ours, single))
            line += (f"  llama.cpp KL {between:.1e}, largest {float(abs(ours - peer).max()):.1e}"
                     f"  (transformers to llama.cpp KL {divergence(peer, theirs):.1e})")
            failed |= between > 1e-4 and divergence(peer, theirs) <= 1e-4
        print(("differs " if failed else "same    ") + line, flush=True)
    return failed


def rotary_cases(golden, scratch):
    for number, case in enumerate(json.loads(golden.read_text())["cases"]):
        folder = scratch / f"case{number}"
        shutil.copytree(golden.parent / "../checkpoints" / case["checkpoint"], folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **case["config"]}))
        yield case["name"], folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--length", type=int, default=280)
    parser.add_argument("--rotary", type=Path)
    parser.add_argument("--no-llama", action="store_true")
    llama_peer.add_arguments(parser)
    parser.add_argument("folders", nargs="*", type=Path)
    arguments = parser.parse_args()
    llama = None if arguments.no_llama else llama_peer.load(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        cases = [(folder.name, folder) for folder in arguments.folders]
        if arguments.rotary:
            cases += rotary_cases(arguments.rotary, Path(scratch))
        failed = [compare(name, folder, arguments, llama) for name, folder in cases]
    sys.exit(any(failed))


if __name__ == "__main__":
    main()
