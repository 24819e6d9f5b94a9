"""Converts quantized folders of real widths with quern, compares every value with the decoders in numpy, and times it.

    python compare-quantized-sources.py [--quern .build/release/quern] [--rows 4096] [--columns 4096] [METHOD ...]

One layer of Llama whose seven matrices are packed by a method; speeds are bytes of decoded F32 a second of processor time.
MXFP4 is also compared with gguf's own decoder, block by block.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader, quants
from safetensors.torch import save_file

import quantized_formats as formats

HERE = Path(__file__).resolve().parent
WEIGHTS = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down"}


def compressed(form, **weights):
    return {"quant_method": "compressed-tensors", "format": form, "config_groups": {"group_0": {"weights": weights}}}


METHODS = {
    "fp8": ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "scaled",
            {"scale": ".weight_scale_inv", "block": (128, 128)}),
    "gptq-4": ({"quant_method": "gptq", "bits": 4, "group_size": 128}, "gptq", {"group_size": 128}),
    "gptq-order": ({"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": True}, "gptq",
                   {"group_size": 128, "symmetric": False, "shuffled": np.random.default_rng(3)}),
    "gptq-8": ({"quant_method": "gptq", "bits": 8, "group_size": 128}, "gptq", {"bits": 8, "group_size": 128}),
    "awq": ({"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm"}, "awq", {"group_size": 128}),
    "packed": (compressed("pack-quantized", num_bits=4, type="int", symmetric=True, strategy="group", group_size=128),
               "packed", {"group_size": 128}),
    "int-8": (compressed("int-quantized", num_bits=8, type="int", symmetric=True, strategy="channel"), "scaled",
              {"kind": torch.int8}),
    "mxfp4": ({"quant_method": "mxfp4"}, "mxfp4", {}),
}


def write(folder, quantization, method, arguments, rows, columns):
    shutil.copytree(HERE / "../../Fixtures/checkpoints/tiny-llama", folder,
                    ignore=shutil.ignore_patterns("*.safetensors", "logits*"))
    config = json.loads((folder / "config.json").read_text())
    heads = columns // 128
    config |= {"hidden_size": columns, "intermediate_size": rows, "num_hidden_layers": 1, "head_dim": 128,
               "num_attention_heads": heads, "num_key_value_heads": heads, "quantization_config": quantization}
    (folder / "config.json").write_text(json.dumps(config))
    random = np.random.default_rng(1)
    stored = {"model.embed_tokens.weight": torch.zeros(500, columns, dtype=torch.bfloat16)}
    for norm in ["layers.0.input_layernorm", "layers.0.post_attention_layernorm", "norm"]:
        stored[f"model.{norm}.weight"] = torch.ones(columns, dtype=torch.bfloat16)
    wanted = {}
    for name, ours in WEIGHTS.items():
        shape = {"ffn_gate": (rows, columns), "ffn_up": (rows, columns), "ffn_down": (columns, rows)}.get(
            ours, (columns, columns))
        parts = getattr(formats, method + "_pack")(random.standard_normal(shape, np.float32), **arguments)
        value = getattr(formats, method + "_decode")(parts, **arguments)
        if ours in ("attn_q", "attn_k"):
            value = value.reshape(heads, 2, -1, columns).swapaxes(1, 2).reshape(value.shape)
        wanted[f"blk.0.{ours}.weight"] = value
        for ending, part in parts.items():
            stored[f"model.layers.0.{name}{ending or '.weight'}"] = part.contiguous()
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    return wanted


# In a small process of its own: what a large one starts inherits its peak of memory.
TIMED = """
import resource, subprocess, sys, time
start = time.time()
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime, used.ru_stime, time.time() - start, used.ru_maxrss >> 10)
"""


def convert(quern, source, target, *flags):
    """Seconds in the program, in the system and on the wall, and the peak of memory in MiB."""
    command = [sys.executable, "-c", TIMED, quern, "convert", source, target, "--quiet", "--overwrite", *flags]
    return [float(word) for word in subprocess.run(command, check=True, capture_output=True).stdout.split()]


def compare(path, wanted):
    different = 0
    for tensor in GGUFReader(path).tensors:
        if (value := wanted.get(tensor.name)) is None:
            continue
        data = np.asarray(tensor.data)
        if tensor.tensor_type.name == "MXFP4":
            data = quants.dequantize(data, tensor.tensor_type)
        different += int((data.reshape(value.shape) != value).sum())
    return different


arguments = argparse.ArgumentParser()
arguments.add_argument("methods", nargs="*", metavar="METHOD")
arguments.add_argument("--quern", default=str(HERE / "../../.build/release/quern"))
arguments.add_argument("--rows", type=int, default=4096)
arguments.add_argument("--columns", type=int, default=4096)
arguments = arguments.parse_args()
for method in arguments.methods or METHODS:
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch) / method, Path(scratch) / "out.gguf"
        wanted = write(source, *METHODS[method], arguments.rows, arguments.columns)
        megabytes = sum(value.nbytes for value in wanted.values()) / 1e6
        runs = [convert(arguments.quern, source, target, "--type", "f32") for _ in range(3)]
        user, system, wall, peak = sorted(runs)[1]
        different = compare(target, wanted)
        line = f"{method:11} {megabytes:5.0f} MB  user {user:5.2f} s, {megabytes / user:5.0f} MB/s  system {system:5.2f} s  " \
            f"wall {wall:5.2f} s  peak {peak:.0f} MiB  {different} values differ"
        if method == "mxfp4":
            convert(arguments.quern, source, target)
            line += f"; repacked, {compare(target, wanted)} differ"
        print(line, flush=True)
