"""Makes tiny-qwen: random BF16 weights in the layout that the original Qwen was published in, with logits.

    python make_qwen.py       writes beside itself; the same versions give the same bytes

transformers does not hold the model, so the logits are those of the forward pass below, in single precision.
"""

import base64
import os

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from make import CORPUS, HERE, QWEN2_PATTERN, fresh, write_json

LAYERS, WIDTH, HEADS, NETWORK, ROWS = 2, 64, 4, 96, 544
BASE, EPSILON = 1000000, 1e-6
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + [f"<|extra_{number}|>" for number in range(205)]


def ranks(count):
    """Byte pairs of a trained tokenizer, in the order of their merges, as the bytes that they stand for."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2_PATTERN), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=count, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    plain = [byte for byte in range(256) if chr(byte).isprintable() and byte not in (0x20, 0xA0, 0xAD)]
    others = [byte for byte in range(256) if byte not in plain]
    alphabet = {chr(byte): byte for byte in plain}
    alphabet.update({chr(0x100 + place): byte for place, byte in enumerate(others)})
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    return [bytes(alphabet[letter] for letter in text) for text, _ in vocabulary]


def weights():
    generator = torch.Generator().manual_seed(9)

    def noise(*shape, scale):
        return (scale * torch.randn(shape, generator=generator)).to(torch.bfloat16)

    def norm():
        return (1 + 0.2 * torch.randn(WIDTH, generator=generator)).to(torch.bfloat16)

    tensors = {"transformer.wte.weight": noise(ROWS, WIDTH, scale=0.2)}
    for layer in range(LAYERS):
        block = f"transformer.h.{layer}"
        tensors |= {
            f"{block}.ln_1.weight": norm(),
            f"{block}.attn.c_attn.weight": noise(3 * WIDTH, WIDTH, scale=0.2),
            f"{block}.attn.c_attn.bias": noise(3 * WIDTH, scale=0.3),
            f"{block}.attn.c_proj.weight": noise(WIDTH, WIDTH, scale=0.2),
            f"{block}.ln_2.weight": norm(),
            f"{block}.mlp.w1.weight": noise(NETWORK, WIDTH, scale=0.2),
            f"{block}.mlp.w2.weight": noise(NETWORK, WIDTH, scale=0.2),
            f"{block}.mlp.c_proj.weight": noise(WIDTH, NETWORK, scale=0.2)}
    return tensors | {"transformer.ln_f.weight": norm(), "lm_head.weight": noise(ROWS, WIDTH, scale=0.2)}


def forward(tensors, ids):
    """arXiv 2309.16609, section 2.3: RMS norms, rotary positions in halves, SwiGLU whose gate is w2."""
    tensors = {name: tensor.to(torch.float32) for name, tensor in tensors.items()}
    size = WIDTH // HEADS
    frequencies = BASE ** (-torch.arange(0, size, 2, dtype=torch.float32) / size)
    angles = torch.outer(torch.arange(len(ids), dtype=torch.float32), frequencies)
    cos, sin = (torch.cat([part, part], -1) for part in (angles.cos(), angles.sin()))
    mask = torch.full((len(ids), len(ids)), float("-inf")).triu(1)

    def norm(x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * tensors[name]

    def turn(x):
        left, right = x.chunk(2, -1)
        return x * cos + torch.cat([-right, left], -1) * sin

    x = tensors["transformer.wte.weight"][ids]
    for layer in range(LAYERS):
        block = f"transformer.h.{layer}"
        inputs = norm(x, f"{block}.ln_1.weight") @ tensors[f"{block}.attn.c_attn.weight"].T
        inputs = (inputs + tensors[f"{block}.attn.c_attn.bias"]).view(len(ids), 3, HEADS, size).permute(1, 2, 0, 3)
        scores = turn(inputs[0]) @ turn(inputs[1]).transpose(-1, -2) / size ** 0.5 + mask
        heads = (scores.softmax(-1) @ inputs[2]).transpose(0, 1).reshape(len(ids), WIDTH)
        x = x + heads @ tensors[f"{block}.attn.c_proj.weight"].T
        y = norm(x, f"{block}.ln_2.weight")
        up, gate = y @ tensors[f"{block}.mlp.w1.weight"].T, y @ tensors[f"{block}.mlp.w2.weight"].T
        x = x + (up * torch.nn.functional.silu(gate)) @ tensors[f"{block}.mlp.c_proj.weight"].T
    return norm(x, "transformer.ln_f.weight") @ tensors["lm_head.weight"].T


def make():
    folder = fresh("tiny-qwen")
    tokens = ranks(320)
    (folder / "qwen.tiktoken").write_text("".join(
        f"{base64.b64encode(token).decode()} {rank}\n" for rank, token in enumerate(tokens)))
    save_file(weights(), folder / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "config.json", {
        "architectures": ["QWenLMHeadModel"], "attn_dropout_prob": 0.0, "auto_map": {
            "AutoConfig": "configuration_qwen.QWenConfig",
            "AutoModelForCausalLM": "modeling_qwen.QWenLMHeadModel"},
        "bf16": False, "emb_dropout_prob": 0.0, "fp16": False, "fp32": False, "hidden_size": WIDTH,
        "initializer_range": 0.02, "intermediate_size": 2 * NETWORK, "kv_channels": WIDTH // HEADS,
        "layer_norm_epsilon": EPSILON, "max_position_embeddings": 256, "model_type": "qwen", "no_bias": True,
        "num_attention_heads": HEADS, "num_hidden_layers": LAYERS, "onnx_safe": None, "rotary_emb_base": BASE,
        "rotary_pct": 1.0, "scale_attn_weights": True, "seq_length": 256, "tie_word_embeddings": False,
        "tokenizer_class": "QWenTokenizer", "transformers_version": "4.35.0", "use_cache": True,
        "use_dynamic_ntk": False, "use_flash_attn": "auto", "use_logn_attn": False, "vocab_size": ROWS})
    end = len(tokens)
    write_json(folder / "generation_config.json", {
        "chat_format": "raw", "do_sample": True, "eos_token_id": end, "max_new_tokens": 128, "pad_token_id": end,
        "stop_words_ids": [[end]], "top_k": 0, "top_p": 0.8, "transformers_version": "4.35.0"})
    write_json(folder / "tokenizer_config.json", {
        "auto_map": {"AutoTokenizer": ["tokenization_qwen.QWenTokenizer", None]}, "model_max_length": 256,
        "tokenizer_class": "QWenTokenizer"})
    # Words whose letters come from all over, among them a special one.
    ids = [46, 256, 300, 319, 34, 260, end + 1, 83, 270, 281, 299, 7]
    logits = forward(load_file(folder / "model.safetensors"), torch.tensor(ids)).contiguous()
    logits.numpy().astype("<f4").tofile(folder / "logits.f32")
    write_json(folder / "logits.json", {
        "ids": ids, "shape": list(logits.shape), "file": "logits.f32", "type": "F32, little-endian, row by token"})
    for path in folder.iterdir():
        path.chmod(0o644)


if __name__ == "__main__":
    os.chdir(HERE)
    make()
