"""Makes golden.json and logits.f32: what transformers computes for the tiny checkpoints with positions stretched.

    python make.py            writes beside itself; the same versions give the same bytes

Each case is a checkpoint of ../checkpoints with members of its config.json replaced, the tokens, and the rows
of logits that are kept: positions within the original context and beyond it.
"""

import json
import shutil
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

HERE = Path(__file__).resolve().parent
LENGTH = 280
ROWS = [0, 31, 63, 64, 150, LENGTH - 1]


def llama(**scaling):
    return {"checkpoint": "tiny-llama", "config": {"rope_theta": 10000.0, "rope_scaling": scaling}}


def qwen2(**scaling):
    return {"checkpoint": "tiny-qwen2", "config": {"rope_parameters": {"rope_theta": 10000.0, **scaling}}}


CASES = {
    "linear": llama(rope_type="linear", factor=4.0),
    "llama3": llama(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                    original_max_position_embeddings=64),
    "yarn": qwen2(rope_type="yarn", factor=4.0, original_max_position_embeddings=64),
    "yarn of neighbours": llama(rope_type="yarn", factor=2.5, original_max_position_embeddings=100),
    "yarn with its own ramp": qwen2(rope_type="yarn", factor=8.0, original_max_position_embeddings=64,
                                    beta_fast=6.0, beta_slow=2.0),
    "yarn with its own attention": qwen2(rope_type="yarn", factor=8.0, original_max_position_embeddings=64,
                                         attention_factor=0.7),
    "yarn whose ramp lies between pairs": qwen2(rope_type="yarn", factor=8.0, original_max_position_embeddings=64,
                                                beta_fast=6.0, beta_slow=2.0, truncate=False),
    "long rope": {"checkpoint": "tiny-phi", "config": {}},
    "long rope, whole heads, a window": {"checkpoint": "tiny-phi", "config": {
        "sliding_window": 40, "rope_parameters": {
            "rope_type": "longrope", "rope_theta": 10000.0, "partial_rotary_factor": 1.0,
            "short_factor": [1.0 + 0.05 * index for index in range(8)],
            "long_factor": [1.1 + 0.9 * index for index in range(8)]}}},
    "a window": {"checkpoint": "tiny-starcoder2", "config": {"sliding_window": 40}},
}


def logits(case, ids):
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        shutil.copytree(HERE / "../checkpoints" / case["checkpoint"], folder)
        config = json.loads((folder / "config.json").read_text())
        config.update(case["config"])
        (folder / "config.json").write_text(json.dumps(config))
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
        with torch.no_grad():
            return model(torch.tensor([ids])).logits[0][ROWS].contiguous()


ids = [(index * index * 7 + index * 31 + 5) % 300 for index in range(LENGTH)]
golden, values = [], b""
for name, case in CASES.items():
    found = logits(case, ids)
    golden.append({"name": name, **case, "offset": len(values), "columns": found.shape[1]})
    values += found.numpy().astype("<f4").tobytes()
(HERE / "logits.f32").write_bytes(values)
text = json.dumps({"ids": ids, "rows": ROWS, "cases": golden}, separators=(",", ":"))
(HERE / "golden.json").write_text(text.replace('{"name"', '\n{"name"') + "\n")
