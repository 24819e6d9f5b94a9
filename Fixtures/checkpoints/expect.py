"""Writes expected/*.json: what llama.cpp's converter makes of the checkpoints here.

    python expect.py ~/llama.cpp

Metadata in order with their types; tensors in order with shape (outermost first), type and the FNV-1a hash of
their bytes; then name, type and hash of the tensors in F32 and in BF16. The converter keeps experts in MXFP4: their
casts are those of the folder that transformers unpacks, in the order of the first. It recognises pre-tokenizers
by a hash that depends on the vocabulary, so it is told theirs, as pre.json has them; and Gemma's classes look for
a SentencePiece model, which these checkpoints lack.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from gguf import GGUFReader

HERE = Path(__file__).resolve().parent
WRAPPER = f"""
import sys, runpy
root, pre = sys.argv[1:3]
sys.path[:0] = [root, root + '/gguf-py', {str(HERE)!r}]
import tiktoken_peer
from conversion.base import TextModel
from conversion import gemma
for name in ['GemmaModel', 'Gemma2Model']:
    getattr(gemma, name).set_vocab = TextModel._set_vocab_gpt2
TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
sys.argv = [root + '/convert_hf_to_gguf.py'] + sys.argv[3:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def describe(path):
    reader = GGUFReader(path)
    metadata = [
        [key, " ".join(kind.name.lower() for kind in field.types), field.contents()]
        for key, field in reader.fields.items() if not key.startswith("GGUF.")]
    tensors = [
        [tensor.name, tensor.tensor_type.name, [int(n) for n in reversed(tensor.shape)],
         fnv1a(np.asarray(tensor.data).tobytes())]
        for tensor in reader.tensors]
    return {"metadata": metadata, "tensors": tensors}


def convert(folder, pre, kind):
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "reference.gguf"
        subprocess.run(
            [sys.executable, "-c", WRAPPER, sys.argv[1], pre, str(folder), "--outfile", str(path),
             "--outtype", kind.lower()], check=True, capture_output=True, stdin=subprocess.DEVNULL)
        return describe(path)


def unpacked(folder, scratch):
    """The folder with its quantized weights as plain floats; itself where it has none."""
    if "quantization_config" not in json.loads((folder / "config.json").read_text()):
        return folder
    import torch
    from transformers import AutoModelForCausalLM
    copy = Path(scratch) / folder.name
    shutil.copytree(folder, copy)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    for parameter in model.parameters():
        parameter.data = parameter.data + 0.0  # ggml knows no minus zero in MXFP4.
    model.save_pretrained(copy)
    return copy


(HERE / "expected").mkdir(exist_ok=True)
for name, pre in json.loads((HERE / "pre.json").read_text()).items():
    if sys.argv[2:] and name not in sys.argv[2:]:
        continue
    folder = HERE / name
    with tempfile.TemporaryDirectory() as scratch:
        plain = unpacked(folder, scratch)
        described = {kind: convert(plain, pre, kind) for kind in ["F32", "BF16"]}
    shard = next(folder.glob("*.safetensors")).read_bytes()
    own = "BF16" if b'"BF16"' in shard[:8 + int.from_bytes(shard[:8], "little")] else "F32"
    whole = described[own] if plain == folder else convert(folder, pre, own)
    places = [tensor for tensor, *_ in whole["tensors"]]
    casts = {
        kind: [[tensor, kind, digest] for tensor, kind, _, digest in sorted(
            about["tensors"], key=lambda tensor: places.index(tensor[0]))]
        for kind, about in described.items()}
    text = json.dumps({**whole, "casts": casts}, ensure_ascii=False, separators=(",", ":"))
    (HERE / "expected" / f"{name}.json").write_text(text.replace("],[", "],\n[") + "\n", encoding="utf-8")
