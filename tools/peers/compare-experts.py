#!/usr/bin/env python3
"""Quantizes mixtures of experts straight from folders and holds them against llama-quantize.

    compare-experts.py --quern .build/release/quern --llama-quantize ~/llama.cpp/build/bin/llama-quantize [TYPE...]

The folders are those of Fixtures, made wide enough for every type of block, with random weights in F32.

Needs gguf, numpy and safetensors.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
from gguf import GGUFReader
from safetensors.numpy import save_file

FIXTURES = Path(__file__).resolve().parent / "../../Fixtures/checkpoints"
TYPES = ["Q8_0", "Q4_K_M", "Q2_K", "Q3_K_M", "Q5_K_S", "IQ4_XS", "MXFP4_MOE"]
WIDTH, HEAD, LAYERS = 256, 64, 4
# Eight experts make recipes choose otherwise, and 192 columns fill no block of 256.
MODELS = {
    "tiny-mixtral": dict(
        experts=8, inner=256, config={"intermediate_size": 256, "num_local_experts": 8, "head_dim": HEAD}),
    "tiny-qwen2moe": dict(
        experts=6, inner=192, shared=512, config={
            "intermediate_size": 512, "moe_intermediate_size": 192, "shared_expert_intermediate_size": 512,
            "num_experts": 6}),
    "tiny-qwen3moe": dict(
        experts=12, inner=256, config={
            "intermediate_size": 512, "moe_intermediate_size": 256, "num_local_experts": 12, "head_dim": HEAD}),
}


def shapes(name, experts, inner, shared=0, **_):
    yield from [("model.embed_tokens.weight", (288, WIDTH)), ("lm_head.weight", (288, WIDTH)), ("model.norm.weight", (WIDTH,))]
    block = "block_sparse_moe" if name == "tiny-mixtral" else "mlp"
    gate, up, down = ("w1", "w3", "w2") if name == "tiny-mixtral" else ("gate_proj", "up_proj", "down_proj")
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        for norm in ["input_layernorm", "post_attention_layernorm"]:
            yield f"{prefix}{norm}.weight", (WIDTH,)
        for projection, rows in [("q", 256), ("k", 128), ("v", 128)]:
            yield f"{prefix}self_attn.{projection}_proj.weight", (rows, WIDTH)
            if name == "tiny-qwen2moe":
                yield f"{prefix}self_attn.{projection}_proj.bias", (rows,)
        yield f"{prefix}self_attn.o_proj.weight", (WIDTH, 256)
        if name == "tiny-qwen3moe":
            for norm in ["q_norm", "k_norm"]:
                yield f"{prefix}self_attn.{norm}.weight", (HEAD,)
        yield f"{prefix}{block}.gate.weight", (experts, WIDTH)
        networks = [(f"{block}.experts.{number}", inner) for number in range(experts)]
        if shared:
            yield f"{prefix}mlp.shared_expert_gate.weight", (1, WIDTH)
            networks.append(("mlp.shared_expert", shared))
        for network, rows in networks:
            for projection, shape in [(gate, (rows, WIDTH)), (up, (rows, WIDTH)), (down, (WIDTH, rows))]:
                yield f"{prefix}{network}.{projection}.weight", shape


def make(name, model, folder):
    shutil.copytree(FIXTURES / name, folder)
    config = json.loads((folder / "config.json").read_text())
    config.update(
        hidden_size=WIDTH, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=LAYERS, dtype="float32",
        **model["config"])
    config.pop("layer_types", None)
    (folder / "config.json").write_text(json.dumps(config))
    random = numpy.random.default_rng(1)
    tensors = {tensor: (random.standard_normal(shape) * 0.05).astype("<f4") for tensor, shape in shapes(name, **model)}
    save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})


def describe(path):
    reader = GGUFReader(path)
    keys = {key: str(field.contents()) for key, field in reader.fields.items() if not key.startswith("GGUF.")}
    tensors = [
        (tensor.name, tensor.tensor_type.name, tuple(tensor.shape), numpy.asarray(tensor.data).tobytes())
        for tensor in reader.tensors]
    return keys, tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--llama-quantize", required=True)
    parser.add_argument("types", nargs="*", default=TYPES)
    arguments = parser.parse_args()
    failed = False
    for name, model in MODELS.items():
        with tempfile.TemporaryDirectory() as scratch:
            scratch = Path(scratch)
            folder, plain = scratch / name, scratch / "plain.gguf"
            make(name, model, folder)
            subprocess.run([arguments.quern, "convert", folder, plain, "--quiet", "--no-seal"], check=True)
            for kind in arguments.types:
                ours, theirs = scratch / f"ours-{kind}.gguf", scratch / f"theirs-{kind}.gguf"
                subprocess.run([arguments.quern, "quantize", folder, ours, "--type", kind, "--quiet", "--no-seal"], check=True)
                subprocess.run([arguments.llama_quantize, plain, theirs, kind], check=True, capture_output=True)
                same = describe(ours) == describe(theirs)
                failed |= not same
                print("same    " if same else "DIFFERS ", name, kind, flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
