#!/usr/bin/env python3
"""Holds every architecture against transformers, llama.cpp and its converter, by the tiny checkpoints of Fixtures.

    compare-architectures.py --quern .build/release/quern --llama-cpp ~/llama.cpp [FOLDER...]

For each folder:
  converter   metadata and tensors of the GGUF are those of convert_hf_to_gguf.py, in F32 and BF16, but for keys
              that Specs/checkpoints.md explains
  logits      ours of the F32 GGUF lie within 1e-3 of those of transformers
  llama.cpp   loads that GGUF; mean KL divergence between its logits and ours is at most 1e-4
  folder      the way back gives the bytes, names and shapes of every tensor; transformers loads it and its
              logits lie within 1e-3; what it reads in both configurations is the same

The original Qwen, whose code transformers does not hold, is computed by Fixtures/checkpoints/make_qwen.py instead,
and its tokenizer's code stood in for by tiktoken_peer.py there. Experts in MXFP4 stay what they are in the first and
the last, and are unpacked to F32 for the others.

Needs gguf, numpy, torch, transformers, safetensors and llama-cpp-python, and accelerate for experts in MXFP4.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import llama_peer  # noqa: E402


def sibling(name):
    specification = importlib.util.spec_from_file_location(name.replace("-", "_"), HERE / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


conversion = sibling("compare-conversion")
FIXTURES = HERE / "../../Fixtures/checkpoints"
# Told to the converter, which knows pre-tokenizers by a hash that depends on the vocabulary; and Gemma's
# classes look for a SentencePiece model, which these checkpoints lack.
WRAPPER = f"""
import sys, runpy
root, pre = sys.argv[1:3]
sys.path[:0] = [root, root + '/gguf-py', {str(FIXTURES)!r}]
import tiktoken_peer
from conversion.base import TextModel
from conversion import gemma
TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
for name in ['GemmaModel', 'Gemma2Model']:
    getattr(gemma, name).set_vocab = TextModel._set_vocab_gpt2
sys.argv = [root + '/convert_hf_to_gguf.py'] + sys.argv[3:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""
# Keys that the converter does not write for the original Qwen.
ADDED = ("qwen.attention.layer_norm_rms_epsilon",)
# Of the configuration, what the model computes does not depend on these.
FREE = {
    "_name_or_path", "architectures", "transformers_version", "dtype", "torch_dtype", "model_type",
    "sliding_window_pattern", "_sliding_window_pattern", "chunk_size_feed_forward", "pretraining_tp",
    "rope_interleaved", "no_rope_layer_interval", "max_window_layers", "rope_theta", "rope_scaling",
    "partial_rotary_factor", "rope_local_base_freq", "pad_token_id"}


# Of the folders that the converter reads.
PRE_TOKENIZERS = json.loads((FIXTURES / "pre.json").read_text())


def reference(arguments, folder, destination, kind):
    pre = PRE_TOKENIZERS[folder.name]
    result = subprocess.run(
        [sys.executable, "-c", WRAPPER, str(arguments.llama_cpp), pre, str(folder), "--outfile",
         str(destination), "--outtype", kind], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        raise SystemExit(f"convert_hf_to_gguf.py: {result.stderr[-2000:]}")


def expected_logits(folder):
    about = json.loads((folder / "logits.json").read_text())
    logits = numpy.fromfile(folder / about["file"], "<f4").reshape(about["shape"])
    return about["ids"], logits


def farthest(found, expected):
    if found.shape != expected.shape:
        return float("inf")
    return float(numpy.abs(found - expected).max())


def within(distance, bound):
    return [] if distance <= bound else [f"{distance:.2e} for at most {bound:.0e}"]


def divergence(truth, found):
    def log_softmax(x):
        x = x.astype(numpy.float64)
        x = x - x.max(axis=-1, keepdims=True)
        return x - numpy.log(numpy.exp(x).sum(axis=-1, keepdims=True))
    truth, found = log_softmax(truth), log_softmax(found)
    return float((numpy.exp(truth) * (truth - found)).sum(axis=-1).mean())


def our_logits(arguments, gguf, ids, scratch):
    (scratch / "ids").write_text(" ".join(map(str, ids)))
    conversion.quern(
        arguments, "logits", gguf, "--ids", scratch / "ids", "--output", scratch / "logits",
        "--sequence", len(ids), "--overwrite")
    return numpy.fromfile(scratch / "logits", "<f4").reshape(len(ids), -1)


def transformers_logits(folder, ids):
    import torch
    config = json.loads((folder / "config.json").read_text())
    if config["architectures"] == ["QWenLMHeadModel"]:
        return qwen_logits(folder, ids), config
    from transformers import AutoModelForCausalLM
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].numpy(), model.config.to_dict()


def qwen_logits(folder, ids):
    import torch
    from safetensors.torch import load_file
    sys.path.append(str(FIXTURES))
    import make_qwen
    weights = {name: tensor for path in folder.glob("*.safetensors") for name, tensor in load_file(path).items()}
    return make_qwen.forward(weights, torch.tensor(ids)).numpy()


def tensors(folder):
    from safetensors import safe_open
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for name in file.keys():
                tensor = file.get_tensor(name)
                found[name] = (tensor.dtype, tuple(tensor.shape), bytes(tensor.contiguous().view(-1).view(__import__("torch").uint8).numpy()))
    return found


def is_quantized(folder):
    return "quantization_config" in json.loads((folder / "config.json").read_text())


def compare_converter(arguments, folder, scratch):
    failed = False
    for kind in ["f32", "bf16"]:
        conversion.quern(
            arguments, "convert", folder, scratch / f"ours-{kind}.gguf", "--type", kind, "--overwrite")
    # The converter keeps experts in MXFP4 whatever the type of the others is, as we do without a type.
    for kind in ["own"] if is_quantized(folder) else ["f32", "bf16"]:
        ours, theirs = scratch / f"ours-{kind}.gguf", scratch / f"theirs-{kind}.gguf"
        if kind == "own":
            conversion.quern(arguments, "convert", folder, ours, "--overwrite")
        if folder.name not in PRE_TOKENIZERS:
            print(f"left out {folder.name} {kind}: the converter stops at it (Fixtures/checkpoints/README.md)")
            continue
        reference(arguments, folder, theirs, "bf16" if kind == "own" else kind)
        (our_reader, our_fields), (their_reader, their_fields) = conversion.fields(ours), conversion.fields(theirs)
        added = {key for key in our_fields if key.endswith(ADDED) and key not in their_fields}
        our_fields = {key: field for key, field in our_fields.items() if key not in added}
        failed |= conversion.report(
            f"{folder.name} {kind} metadata", conversion.same_metadata(our_fields, their_fields))
        failed |= conversion.report(
            f"{folder.name} {kind} tensors", conversion.same_tensors(our_reader, their_reader))
    return failed


def compare_logits(arguments, llama, folder, scratch):
    ids, expected = expected_logits(folder)
    gguf = scratch / "ours-f32.gguf"
    ours = our_logits(arguments, gguf, ids, scratch)
    distance = farthest(ours, expected)
    failed = conversion.report(f"{folder.name} logits of the GGUF: {distance:.1e}", within(distance, 1e-3))
    model = llama_peer.Model(llama, str(gguf))
    context = model.context(len(ids), 2, "f32")
    context.decode(ids, 0, True)
    theirs = context.logits(len(ids))
    context.close()
    distance = divergence(theirs, ours)
    return failed | conversion.report(f"{folder.name} llama.cpp, mean KL {distance:.1e}", within(distance, 1e-4))


def compare_back(arguments, folder, scratch):
    ids, expected = expected_logits(folder)
    back, exact = scratch / "back", scratch / "exact"
    if is_quantized(folder):
        conversion.quern(arguments, "convert", scratch / "ours-own.gguf", f"{back}/", "--overwrite")
    else:
        conversion.quern(
            arguments, "convert", scratch / "ours-bf16.gguf", f"{back}/", "--type", "bf16", "--overwrite")
    source, found = tensors(folder), tensors(back)
    problems = [f"{name}: {'missing' if name not in found else 'differs'}" for name in source if found.get(name) != source[name]]
    problems += [f"{name}: too much" for name in found.keys() - source.keys()]
    dtype_differs = any(kind != found[name][0] for name, (kind, _, _) in source.items() if name in found)
    if dtype_differs and source and next(iter(source.values()))[0] != next(iter(found.values()))[0]:
        problems = []  # A source in F32 has other bytes in BF16.
    failed = conversion.report(f"{folder.name} -> BF16 GGUF -> folder", problems)
    conversion.quern(arguments, "convert", scratch / "ours-f32.gguf", f"{exact}/", "--overwrite")
    logits, config = transformers_logits(exact, ids)
    distance = farthest(logits, expected)
    failed |= conversion.report(f"{folder.name} logits of the folder: {distance:.1e}", within(distance, 1e-3))
    if is_quantized(folder):
        logits, config = transformers_logits(back, ids)
        distance = farthest(logits, expected)
        failed |= conversion.report(
            f"{folder.name} logits of the quantized folder: {distance:.1e}", within(distance, 1e-3))
    _, original = transformers_logits(folder, ids)
    problems = [
        f"{key}: {config.get(key)} for {value}" for key, value in original.items()
        if key not in FREE and config.get(key) != value]
    return failed | conversion.report(f"{folder.name} configuration", problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--llama-cpp", type=Path, required=True, help="root of the llama.cpp source")
    parser.add_argument("folders", nargs="*", type=Path)
    llama_peer.add_arguments(parser)
    arguments = parser.parse_args()
    llama = llama_peer.load(arguments)
    failed = False
    for folder in arguments.folders or sorted(FIXTURES.glob("tiny-*")):
        with tempfile.TemporaryDirectory() as scratch:
            scratch, folder = Path(scratch), folder.resolve()
            failed |= compare_converter(arguments, folder, scratch)
            failed |= compare_logits(arguments, llama, folder, scratch)
            failed |= compare_back(arguments, folder, scratch)
    sys.exit(failed)


if __name__ == "__main__":
    main()
