"""Makes tiny-llama and tiny-qwen2: random weights in the real layout, with reference logits.

    python make.py            writes beside itself; the same versions give the same bytes

tiny-llama   LlamaForCausalLM, F32, one file, tied embeddings, config and template in the older form;
             rows of 32 and 64, but 256 in down_proj; heads wider together than the hidden state.
tiny-qwen2   Qwen2ForCausalLM, BF16, two shards, untied, config and template as transformers 5 writes them.
"""

import json
import os
import shutil
from pathlib import Path

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

HERE = Path(__file__).resolve().parent
CORPUS = [(HERE / "../../LICENSE").read_text(encoding="utf-8"), """
A hand mill grinds grain between two stones. The upper stone turns, the lower stone lies still.
The capital of France is Paris. Der schnelle braune Fuchs springt über den faulen Hund.
func add(_ a: Int, _ b: Int) -> Int { return a + b }  // 2 + 2 = 4, 1234567890
Hello, how are you today? I'm fine, thanks; they've gone and we'll see, don't worry.
"""]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a mill.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def smollm_tokenizer(vocab_size=500, special=SPECIAL):
    """Special tokens first, as SmolLM2 has them; digits one by one."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=True, trim_offsets=True, use_regex=True)
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def qwen2_tokenizer():
    """Special tokens after the vocabulary, as Qwen2 has them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2_PATTERN), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=490, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL])
    tokenizer.add_tokens([AddedToken("<tool_call>", special=False, normalized=False)])
    return tokenizer


def tokenizer_config(tokenizer, **more):
    added = {
        str(number): {
            "content": token.content, "lstrip": token.lstrip, "normalized": token.normalized,
            "rstrip": token.rstrip, "single_word": token.single_word, "special": token.special}
        for number, token in sorted(tokenizer.get_added_tokens_decoder().items())}
    return {"add_prefix_space": False, "added_tokens_decoder": added, **more}


def randomize(model, seed):
    """Wide enough that logits are not flat, norms around one, biases that matter."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            parameter.data = 1 + 0.2 * noise
        elif name.endswith("bias"):
            parameter.data = 0.3 * noise
        elif "embed_tokens" in name:
            parameter.data = 0.2 * noise
        else:
            parameter.data = 0.15 * noise


def write_logits(folder, ids):
    """From the files, in single precision: a cast model would keep rounded rotary frequencies."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].contiguous()
    logits.numpy().astype("<f4").tofile(folder / "logits.f32")
    write_json(folder / "logits.json", {
        "ids": ids, "shape": list(logits.shape), "file": "logits.f32", "type": "F32, little-endian, row by token"})


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def make_llama():
    folder = fresh("tiny-llama")
    tokenizer = smollm_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, intermediate_size=256, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=512,
        rms_norm_eps=1e-5, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=2,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0}, attn_implementation="eager")
    model = LlamaForCausalLM(config)
    randomize(model, 1)
    model.tie_weights()
    model.save_pretrained(folder)
    write_logits(folder, tokenizer.encode("The capital of France is Paris, 42 times.").ids[:12])
    write_json(folder / "config.json", {
        "architectures": ["LlamaForCausalLM"], "attention_bias": False, "attention_dropout": 0.0,
        "bos_token_id": 1, "eos_token_id": 2, "head_dim": 16, "hidden_act": "silu", "hidden_size": 32,
        "initializer_range": 0.02, "intermediate_size": 256, "max_position_embeddings": 512, "mlp_bias": False,
        "model_type": "llama", "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2,
        "pad_token_id": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_interleaved": False,
        "rope_scaling": None, "rope_theta": 100000, "tie_word_embeddings": True, "torch_dtype": "float32",
        "transformers_version": "4.42.3", "use_cache": True, "vocab_size": tokenizer.get_vocab_size()})
    write_json(folder / "generation_config.json", {
        "_from_model_config": True, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2,
        "transformers_version": "4.42.3"})
    write_json(folder / "tokenizer_config.json", tokenizer_config(
        tokenizer, additional_special_tokens=["<|im_start|>", "<|im_end|>"], bos_token="<|im_start|>",
        chat_template=CHATML, clean_up_tokenization_spaces=False, eos_token="<|im_end|>", model_max_length=512,
        pad_token="<|im_end|>", tokenizer_class="GPT2Tokenizer", unk_token="<|endoftext|>",
        vocab_size=tokenizer.get_vocab_size()))
    write_json(folder / "special_tokens_map.json", {
        "additional_special_tokens": ["<|im_start|>", "<|im_end|>"], "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>", "pad_token": "<|im_end|>", "unk_token": "<|endoftext|>"})


def make_qwen2():
    folder = fresh("tiny-qwen2")
    tokenizer = qwen2_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    numbers = {text: tokenizer.token_to_id(text) for text in SPECIAL}
    config = Qwen2Config(
        # Rows beyond the vocabulary, as the real ones have.
        vocab_size=512, hidden_size=64, intermediate_size=192, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=1024, rms_norm_eps=1e-6, tie_word_embeddings=False,
        bos_token_id=numbers["<|endoftext|>"], eos_token_id=numbers["<|im_end|>"],
        rope_parameters={"rope_type": "default", "rope_theta": 1000000.0}, attn_implementation="eager")
    model = Qwen2ForCausalLM(config)
    randomize(model, 2)
    model = model.to(torch.bfloat16)
    model.config.dtype = torch.bfloat16
    model.generation_config.eos_token_id = [numbers["<|im_end|>"], numbers["<|endoftext|>"]]
    model.generation_config.pad_token_id = numbers["<|endoftext|>"]
    model.save_pretrained(folder, max_shard_size="200KB")
    write_logits(folder, tokenizer.encode("Hello, how are you? 2 + 2 = 4, don't worry.").ids[:12])
    write_json(folder / "tokenizer_config.json", tokenizer_config(
        tokenizer, add_bos_token=False, additional_special_tokens=["<|im_start|>", "<|im_end|>"], bos_token=None,
        clean_up_tokenization_spaces=False, eos_token="<|im_end|>", errors="replace", model_max_length=1024,
        pad_token="<|endoftext|>", split_special_tokens=False, tokenizer_class="Qwen2Tokenizer", unk_token=None))
    (folder / "chat_template.jinja").write_text(CHATML, encoding="utf-8")


if __name__ == "__main__":
    os.chdir(HERE)
    make_llama()
    make_qwen2()
    for path in HERE.glob("tiny-*/*"):
        path.chmod(0o644)
