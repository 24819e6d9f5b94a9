"""Makes the quantized checkpoints here from those of ../checkpoints, and writes expected.json.

    python make.py ~/llama.cpp

Each is the first layer of a tiny checkpoint, its matrices packed by one method; tokenizers stay there. expected.json
holds for every tensor of the GGUF its shape, and the FNV-1a hash of its values in F32 and in BF16, as the decoders in
tools/peers/quantized_formats.py give them. Where llama.cpp's converter reads the method, both files were compared
with what it writes, tensor by tensor and in its order, or nothing is written.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader
from safetensors import safe_open
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "../../tools/peers")]
import quantized_formats as formats

WRAPPER = """
import sys, runpy
root, pre = sys.argv[1:3]
sys.path[:0] = [root, root + '/gguf-py']
from conversion.base import TextModel
TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
sys.argv = [root + '/convert_hf_to_gguf.py'] + sys.argv[3:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""
PRE = {"tiny-llama": "smollm", "tiny-qwen2": "qwen2"}
NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "model.layers.": "blk."}


def group(bits, size=None, symmetric=True, kind="int", strategy=None, block=None):
    return {"config_groups": {"group_0": {"targets": ["Linear"], "weights": {
        "num_bits": bits, "type": kind, "symmetric": symmetric, "group_size": size, "block_structure": block,
        "strategy": strategy or ("group" if size else "channel")}}}}


def gptq(bits, size, **more):
    return {"quant_method": "gptq", "bits": bits, "group_size": size, **more}


def compressed(form, groups):
    return {"quant_method": "compressed-tensors", "format": form, "quantization_status": "compressed", **groups}


seeded = lambda: np.random.default_rng(7)

# Name, checkpoint, quantization_config, method, its arguments, whether llama.cpp's converter reads it.
FIXTURES = [
    ("fp8-blocks", "tiny-llama", {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}, "scaled",
     {"scale": ".weight_scale_inv", "block": (128, 128)}, True),
    ("fp8-odd-blocks", "tiny-llama", {"quant_method": "fp8", "weight_block_size": [48, 20]}, "scaled",
     {"scale": ".weight_scale_inv", "block": (48, 20), "scale_type": torch.bfloat16}, True),
    ("fp8-tensors", "tiny-llama", {"quant_method": "fp8", "activation_scheme": "static"}, "scaled",
     {"whole": True, "kind": torch.float8_e5m2}, False),
    ("fp8-fbgemm", "tiny-llama", {"quant_method": "fbgemm_fp8"}, "scaled", {}, False),
    ("gptq-4", "tiny-llama", gptq(4, 32, desc_act=False, sym=True), "gptq", {}, True),
    ("gptq-4-order", "tiny-qwen2", gptq(4, 16, desc_act=True, sym=False), "gptq",
     {"group_size": 16, "symmetric": False, "shuffled": seeded}, True),
    ("gptq-8-v2", "tiny-llama", gptq(8, 16, checkpoint_format="gptq_v2", sym=False), "gptq",
     {"bits": 8, "group_size": 16, "symmetric": False, "offset": 0}, True),
    ("gptq-2-rows", "tiny-llama", gptq(2, -1), "gptq", {"bits": 2, "group_size": -1}, True),
    ("awq", "tiny-qwen2", {"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm", "zero_point": True},
     "awq", {}, False),
    ("packed-4", "tiny-llama", compressed("pack-quantized", group(4, 32)), "packed", {}, True),
    ("packed-4-zeros", "tiny-llama", compressed("pack-quantized", group(4, 16, False)), "packed",
     {"group_size": 16, "symmetric": False}, True),
    ("packed-8-rows", "tiny-llama", compressed("pack-quantized", group(8)), "packed",
     {"bits": 8, "group_size": -1}, False),
    ("packed-4-order", "tiny-llama", compressed("pack-quantized", group(4, 16, False)), "packed",
     {"group_size": 16, "symmetric": False, "shuffled": seeded}, False),
    ("int-8", "tiny-llama", compressed("int-quantized", group(8)), "scaled",
     {"kind": torch.int8, "scale_type": torch.bfloat16}, True),
    ("int-8-zeros", "tiny-llama", compressed("int-quantized", group(8, 16, False)), "scaled",
     {"kind": torch.int8, "block": (1, 16), "symmetric": False}, False),
    ("float-8", "tiny-llama", compressed("float-quantized", group(8, kind="float")), "scaled",
     {"scale_type": torch.bfloat16}, True),
    ("float-8-blocks", "tiny-llama", compressed("float-quantized", group(8, None, True, "float", "block", [32, 16])),
     "scaled", {"block": (32, 16)}, True),
    ("mxfp4", "tiny-llama", {"quant_method": "mxfp4"}, "mxfp4", {}, False),
    ("mxfp4-packed", "tiny-llama", compressed("mxfp4-pack-quantized", group(4, 32, True, "float")), "mxfp4",
     {"flat": True}, False),
]


def read(folder):
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            tensors |= {name: file.get_tensor(name) for name in file.keys()}
    return tensors


def make(name, source, quantization, method, arguments):
    """Writes the folder, and returns the values of the weights under their own names."""
    arguments = {key: value() if key == "shuffled" else value for key, value in arguments.items()}
    config = json.loads((HERE / "../checkpoints" / source / "config.json").read_text())
    config |= {"num_hidden_layers": 1, "tie_word_embeddings": True, "quantization_config": quantization}
    config.pop("layer_types", None)
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    stored, values = {}, {}
    for tensor, value in read(HERE / "../checkpoints" / source).items():
        if tensor == "lm_head.weight" or ".layers.1." in tensor:
            continue
        if tensor.endswith("proj.weight"):
            base = tensor.removesuffix(".weight")
            parts = getattr(formats, method + "_pack")(value.float().numpy(), **arguments)
            for ending, part in parts.items():
                stored[base + (ending or ".weight")] = part.contiguous()
            values[tensor] = getattr(formats, method + "_decode")(parts, **arguments)
        else:
            stored[tensor] = value.bfloat16()
            values[tensor] = value.bfloat16().float().numpy()
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    return config, values


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def describe(config, values):
    """Names, shapes and hashes as the GGUF has them: rows of rotary heads turned to pairs for llama."""
    described = {}
    for tensor, value in values.items():
        if config["model_type"] == "llama" and ("q_proj" in tensor or "k_proj" in tensor):
            heads = config["num_attention_heads" if "q_proj" in tensor else "num_key_value_heads"]
            value = value.reshape(heads, 2, -1, *value.shape[1:]).swapaxes(1, 2).reshape(value.shape)
        value = np.ascontiguousarray(value, "<f4")
        name = tensor
        for ours, theirs in NAMES.items():
            name = name.replace(ours, theirs)
        rounded = torch.from_numpy(value).bfloat16().view(torch.int16).numpy()
        described[name] = [list(value.shape), fnv1a(value.tobytes()), fnv1a(rounded.astype("<i2").tobytes())]
    return described


def check(name, source, described, llama):
    """Compares with llama.cpp's converter, and returns the order of its tensors."""
    for kind, place in [("f32", 1), ("bf16", 2)]:
        with tempfile.TemporaryDirectory() as scratch:
            folder, path = Path(scratch) / name, Path(scratch) / "reference.gguf"
            shutil.copytree(HERE / "../checkpoints" / source, folder, ignore=shutil.ignore_patterns("*.safetensors*"))
            shutil.copytree(HERE / name, folder, dirs_exist_ok=True)
            subprocess.run(
                [sys.executable, "-c", WRAPPER, llama, PRE[source], str(folder), "--outfile", str(path),
                 "--outtype", kind], check=True, capture_output=True)
            tensors = GGUFReader(path).tensors
            for tensor in tensors:
                wanted = described[tensor.name][1 if tensor.tensor_type.name == "F32" else place]
                assert fnv1a(np.asarray(tensor.data).tobytes()) == wanted, (name, kind, tensor.name)
            assert {tensor.name for tensor in tensors} == described.keys()
    return [tensor.name for tensor in tensors]


if __name__ == "__main__":
    expected = {}
    for name, source, quantization, method, arguments, known in FIXTURES:
        config, values = make(name, source, quantization, method, arguments)
        described = describe(config, values)
        order = check(name, source, described, sys.argv[1]) if known else sorted(described)
        expected[name] = {
            "checkpoint": source, "llama_cpp": known,
            "tensors": [[tensor, *described[tensor]] for tensor in order]}
        print(name, "equals llama.cpp's" if known else "made", flush=True)
    text = json.dumps(expected, separators=(",", ":")).replace("],[\"", "],\n[\"").replace("]]},", "]]},\n")
    (HERE / "expected.json").write_text(text + "\n")
