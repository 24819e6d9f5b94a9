"""Makes the tiny checkpoints of Phi-3, GPT-2, StarCoder 2 and StableLM, as make.py makes those of Llama and Qwen2.

    python make_families.py   writes beside itself; the same versions give the same bytes
"""

import os

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GPT2Config, GPT2LMHeadModel, Phi3Config, Phi3ForCausalLM, StableLmConfig, StableLmForCausalLM, Starcoder2Config,
    Starcoder2ForCausalLM)

from make import CORPUS, HERE, fresh, smollm_tokenizer, tokenizer_config, write_json, write_logits

END = "<|endoftext|>"


def byte_tokenizer(digits):
    """GPT-2's, with or without StarCoder's digits one by one."""
    if digits:
        return smollm_tokenizer(320, [END])
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=True, trim_offsets=True, use_regex=True)
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=320, special_tokens=[END], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("bias"):
            parameter.data = 0.3 * noise
        elif "norm" in name or "ln_" in name:
            parameter.data = 1 + 0.2 * noise
        else:
            parameter.data = 0.2 * noise


def make(name, model_class, config, seed, digits=False):
    folder = fresh(name)
    tokenizer = byte_tokenizer(digits)
    tokenizer.save(str(folder / "tokenizer.json"))
    end = tokenizer.token_to_id(END)
    for role in ("bos_token_id", "eos_token_id", "pad_token_id"):
        setattr(config, role, end)
    model = model_class(config)
    randomize(model, seed)
    if config.tie_word_embeddings:
        model.tie_weights()
    model = model.to(torch.bfloat16)
    model.config.dtype = torch.bfloat16
    model.save_pretrained(folder)
    write_json(folder / "tokenizer_config.json", tokenizer_config(
        tokenizer, bos_token=END, clean_up_tokenization_spaces=False, eos_token=END, model_max_length=256,
        pad_token=END, tokenizer_class="GPT2Tokenizer", unk_token=END))
    write_logits(folder, tokenizer.encode("The capital of France is Paris, 42 times.").ids[:12])


def factors(first, step):
    return [round(first + step * index, 3) for index in range(6)]


def make_all():
    make("tiny-phi", Phi3ForCausalLM, Phi3Config(
        vocab_size=320, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, original_max_position_embeddings=256,
        sliding_window=512, tie_word_embeddings=True, pad_token_id=0,
        rope_parameters={
            "rope_type": "longrope", "rope_theta": 10000.0, "partial_rotary_factor": 0.75,
            "short_factor": factors(1.0, 0.05), "long_factor": factors(1.1, 0.9)}), 3)
    make("tiny-gpt2", GPT2LMHeadModel, GPT2Config(
        vocab_size=320, n_positions=128, n_ctx=128, n_embd=48, n_layer=2, n_head=4), 4)
    make("tiny-starcoder2", Starcoder2ForCausalLM, Starcoder2Config(
        vocab_size=320, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, initializer_range=0.02,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0}), 5, digits=True)
    stable = dict(
        vocab_size=320, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=256,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.25})
    make("tiny-stablelm", StableLmForCausalLM, StableLmConfig(
        **stable, num_key_value_heads=4, use_qkv_bias=True), 6)
    make("tiny-stablelm-parallel", StableLmForCausalLM, StableLmConfig(
        **stable, num_key_value_heads=2, use_parallel_residual=True), 7)
    # llama.cpp's converter stops at the norms of heads, so that this one has no expected GGUF.
    make("tiny-stablelm-heads", StableLmForCausalLM, StableLmConfig(
        **stable, num_key_value_heads=2, qk_layernorm=True, use_parallel_residual=True), 8)


if __name__ == "__main__":
    os.chdir(HERE)
    make_all()
    for path in HERE.glob("tiny-*/*"):
        path.chmod(0o644)
