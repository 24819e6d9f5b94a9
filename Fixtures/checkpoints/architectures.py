"""Makes one tiny checkpoint for each architecture: random BF16 weights in the real layout, with reference logits.

    python architectures.py [NAME...]      writes beside itself; the same versions give the same bytes

All have the same tokenizer, SmolLM's way of cutting and 288 tokens: tokenizers are compared elsewhere. That
with experts in MXFP4 needs accelerate, which transformers unpacks them with.
"""

import json
import os
import sys

import torch
import transformers
from safetensors.torch import load_file, save_file

from make import CHATML, HERE, fresh, smollm_tokenizer, tokenizer_config, write_json, write_logits

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|user|>"]
TEXT = "The upper stone turns, 42 times."
# As openai/gpt-oss-20b has it: at the first positions llama.cpp, which rounds the ramp, agrees.
STRETCHED = {
    "rope_type": "yarn", "rope_theta": 150000.0, "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0,
    "truncate": False, "original_max_position_embeddings": 4096}
THETA = {"rope_type": "default", "rope_theta": 100000.0}

# What each has beside the numbers that all share. Windows, bounds and factors are such that they matter.
CHECKPOINTS = {
    "tiny-llama3": ("Llama", dict(
        head_dim=16, attention_bias=True, mlp_bias=True, rope_parameters={
            "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 64})),
    "tiny-mistral": ("Mistral", dict(head_dim=16, sliding_window=None, rope_parameters=THETA)),
    "tiny-qwen3": ("Qwen3", dict(head_dim=16, rope_parameters=THETA, tie_word_embeddings=True)),
    "tiny-gemma": ("Gemma", dict(head_dim=16, tie_word_embeddings=True)),
    "tiny-gemma2": ("Gemma2", dict(
        head_dim=16, query_pre_attn_scalar=16, num_hidden_layers=3, sliding_window=6, tie_word_embeddings=True,
        attn_logit_softcapping=5.0, final_logit_softcapping=3.0)),
    "tiny-gemma3": ("Gemma3", dict(
        head_dim=8, query_pre_attn_scalar=8, num_key_value_heads=1, num_hidden_layers=7, sliding_window=6,
        tie_word_embeddings=True,
        rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}})),
    "tiny-olmo2": ("Olmo2", dict(rope_parameters=THETA)),
    "tiny-smollm3": ("SmolLM3", dict(num_hidden_layers=4, rope_parameters=THETA, tie_word_embeddings=True)),
    "tiny-granite": ("Granite", dict(
        rope_parameters=THETA, embedding_multiplier=3.0, attention_multiplier=0.25, residual_multiplier=0.3,
        logits_scaling=2.0)),
    "tiny-glm4": ("Glm4", dict(
        head_dim=16, attention_bias=True,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5})),
    "tiny-mixtral": ("Mixtral", dict(
        head_dim=16, num_local_experts=4, num_experts_per_tok=2, sliding_window=None, rope_parameters=THETA)),
    "tiny-qwen2moe": ("Qwen2Moe", dict(
        num_experts=5, num_experts_per_tok=2, moe_intermediate_size=24, shared_expert_intermediate_size=64,
        rope_parameters=THETA)),
    "tiny-qwen3moe": ("Qwen3Moe", dict(
        head_dim=16, num_experts=11, num_experts_per_tok=3, moe_intermediate_size=40, norm_topk_prob=True,
        rope_parameters=THETA)),
    "tiny-gpt-oss": ("GptOss", dict(
        head_dim=16, num_hidden_layers=3, num_local_experts=5, num_experts_per_tok=2, sliding_window=6,
        max_position_embeddings=131072, rope_parameters=STRETCHED)),
    "tiny-gpt-oss-mxfp4": ("GptOss", dict(
        head_dim=16, intermediate_size=64, num_local_experts=5, num_experts_per_tok=2, sliding_window=6,
        max_position_embeddings=131072, rope_parameters=STRETCHED)),
}


def randomize(model, seed, norm_center):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            parameter.data = norm_center + 0.2 * noise
            # Weights nearer to zero would lose bits to the one that a GGUF adds to Gemma's.
            parameter.data[parameter.abs() < 2 ** -12] = 2 ** -12
        elif name.endswith("bias"):
            parameter.data = 0.3 * noise
        elif name.endswith("sinks"):
            parameter.data = noise
        elif name.endswith("experts.gate_up_proj"):
            parameter.data = 0.8 * noise  # Gates beyond their bounds.
        elif "embed_tokens" in name:
            parameter.data = 0.2 * noise
        else:
            parameter.data = 0.2 * noise


def pack_experts(folder, seed):
    """Puts experts of random 4-bit floats in the place of plain ones, as openai/gpt-oss-20b has them."""
    generator = torch.Generator().manual_seed(seed)
    path = folder / "model.safetensors"
    packed = {}
    for name, tensor in load_file(path).items():
        if not name.endswith(("experts.gate_up_proj", "experts.down_proj")):
            packed[name] = tensor
            continue
        experts, columns, rows = tensor.shape
        blocks = (experts, rows, columns // 32)
        low = 122 if "gate" in name else 119
        packed[name + "_blocks"] = torch.randint(0, 256, (*blocks, 16), dtype=torch.uint8, generator=generator)
        packed[name + "_scales"] = torch.randint(low, low + 4, blocks, dtype=torch.uint8, generator=generator)
    save_file(packed, path, metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {
        "modules_to_not_convert": [
            "model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"],
        "quant_method": "mxfp4"}
    write_json(folder / "config.json", config)


def make(name, family, more):
    folder = fresh(name)
    tokenizer = smollm_tokenizer(288, SPECIAL)
    config_class = getattr(transformers, family + ("TextConfig" if family == "Gemma3" else "Config"))
    config = config_class(**{**dict(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5,
        tie_word_embeddings=False, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        attn_implementation="eager"), **more})
    model = getattr(transformers, family + "ForCausalLM")(config)
    randomize(model, 3, 0 if family.startswith("Gemma") else 1)
    model.tie_weights()
    model = model.to(torch.bfloat16)
    model.config.dtype = torch.bfloat16
    model.save_pretrained(folder)
    if name.endswith("mxfp4"):
        pack_experts(folder, 5)
    text = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
    write_logits(folder, tokenizer.encode(TEXT).ids[:20])
    write_json(folder / "tokenizer_config.json", tokenizer_config(
        tokenizer, bos_token="<|im_start|>", chat_template=CHATML, clean_up_tokenization_spaces=False,
        eos_token="<|im_end|>", model_max_length=256, pad_token="<|endoftext|>",
        tokenizer_class="PreTrainedTokenizerFast", unk_token="<|endoftext|>"))
    for path in folder.iterdir():
        path.chmod(0o644)


if __name__ == "__main__":
    os.chdir(HERE)
    for name, (family, more) in CHECKPOINTS.items():
        if name in sys.argv[1:] or len(sys.argv) == 1:
            make(name, family, more)
