"""Random tiny checkpoints of every architecture, as `transformers` saves them and as older releases did."""

import json
import random

import torch
import transformers
from safetensors.torch import load_file, save_file

TYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
CLASSES = {"Gemma3": ("Gemma3TextConfig", "Gemma3ForCausalLM"), "GPT2": ("GPT2Config", "GPT2LMHeadModel")}


def sizes(r):
    heads = r.choice([1, 2, 3, 4, 6, 8])
    head_dim = r.choice([4, 6, 8, 10, 16, 20])
    return dict(
        num_attention_heads=heads, num_key_value_heads=r.choice([n for n in range(1, heads + 1) if heads % n == 0]),
        head_dim=head_dim, hidden_size=heads * head_dim, intermediate_size=r.choice([17, 32, 45, 63, 96]),
        num_hidden_layers=r.randint(1, 5), max_position_embeddings=r.choice([128, 200, 256]),
        rms_norm_eps=r.choice([1e-5, 1e-6, 3e-5]), tie_word_embeddings=r.random() < 0.5)


def free_width(r, c):
    """Often not that of all heads."""
    return {"hidden_size": c["num_attention_heads"] * r.choice([5, 7, 12, c["head_dim"]])}


def theta(r):
    return r.choice([10000.0, 500000.0, 1234.5, 1000000.0])


def rope(r, *kinds, **more):
    kind = r.choice(kinds)
    found = {"rope_type": kind, "rope_theta": theta(r), **more}
    if kind in ("linear", "yarn", "llama3", "dynamic"):
        found["factor"] = r.choice([2.0, 4.0, 8.0, 3.5])
    if kind == "yarn":
        found["original_max_position_embeddings"] = r.choice([32, 50, 64])
        if r.random() < 0.4:
            found |= dict(beta_fast=r.choice([16.0, 24.0]), beta_slow=2.0)
        found |= r.choice([{}, {"attention_factor": 1.25}, {"mscale": 2.0, "mscale_all_dim": 0.7}])
    if kind == "llama3":
        found |= dict(
            low_freq_factor=1.0, high_freq_factor=r.choice([2.0, 4.0]),
            original_max_position_embeddings=r.choice([32, 64]))
    return found


def windows(r, layers, period):
    return ["full_attention" if (n + 1) % period == 0 else "sliding_attention" for n in range(layers)]


def llama(r, c):
    return {**free_width(r, c), "attention_bias": r.random() < 0.4, "mlp_bias": r.random() < 0.4,
            "rope_parameters": rope(r, "default", "linear", "yarn", "llama3", "dynamic")}


def mistral(r, c):
    return {**free_width(r, c), "sliding_window": r.choice([None, 4096, 20]),
            "rope_parameters": rope(r, "default", "linear", "yarn", "dynamic")}


def mixtral(r, c):
    count = r.choice([2, 3, 8])
    return {**free_width(r, c), "sliding_window": r.choice([None, 20]), "num_local_experts": count,
            "num_experts_per_tok": r.randint(1, count), "rope_parameters": rope(r, "default")}


def qwen2(r, c):
    return {"head_dim": None, "use_sliding_window": False, "sliding_window": r.choice([None, 16]),
            "max_window_layers": r.randint(0, 3), "rope_parameters": rope(r, "default", "yarn")}


def experts(r):
    count = r.choice([2, 3, 5, 8])
    return dict(num_experts=count, num_experts_per_tok=r.randint(1, count), moe_intermediate_size=r.choice([9, 24, 32]),
                decoder_sparse_step=1, mlp_only_layers=[])


def qwen2moe(r, c):
    return {**qwen2(r, c), **experts(r), "norm_topk_prob": False,
            "shared_expert_intermediate_size": r.choice([12, 33, 64])}


def qwen3(r, c):
    return {**free_width(r, c), "attention_bias": r.random() < 0.3, "rope_parameters": rope(r, "default", "yarn")}


def qwen3moe(r, c):
    return {**qwen3(r, c), **experts(r), "norm_topk_prob": True}


def gemma(r, c):
    return {**free_width(r, c), "tie_word_embeddings": True}


def gemma2(r, c):
    return {**gemma(r, c), "query_pre_attn_scalar": c["head_dim"], "sliding_window": r.choice([7, 16]),
            "layer_types": windows(r, c["num_hidden_layers"], 2), "attn_logit_softcapping": r.choice([5.0, 50.0]),
            "final_logit_softcapping": r.choice([3.0, 30.0])}


def gemma3(r, c):
    layers = r.choice([2, 6, 7, 12])
    kind = r.choice([{"rope_type": "default"}, {"rope_type": "linear", "factor": 8.0}])
    return {**free_width(r, c), "num_hidden_layers": layers, "query_pre_attn_scalar": c["head_dim"],
            "tie_word_embeddings": True, "sliding_window": r.choice([7, 16]), "layer_types": windows(r, layers, 6), "rope_parameters": {
                "full_attention": {**kind, "rope_theta": r.choice([1e6, 20000.0])},
                "sliding_attention": {"rope_type": "default", "rope_theta": r.choice([10000.0, 5000.0])}}}


def phi3(r, c):
    head_dim = r.choice([8, 16])
    share = r.choice([1.0, 0.5, 0.75])
    count = int(head_dim * share) // 2
    original = r.choice([32, 64])
    found = dict(
        head_dim=None, hidden_size=c["num_attention_heads"] * head_dim, max_position_embeddings=256,
        original_max_position_embeddings=original, sliding_window=r.choice([None, 20, 512]))
    parameters = {"rope_type": "default", "rope_theta": theta(r), "partial_rotary_factor": share}
    if r.random() < 0.7:
        parameters |= dict(
            rope_type="longrope", short_factor=[1.0 + r.random() for _ in range(count)],
            long_factor=[2.0 + 10 * r.random() for _ in range(count)], original_max_position_embeddings=original)
    else:
        found["original_max_position_embeddings"] = found["max_position_embeddings"]
    return {**found, "rope_parameters": parameters}


def smollm3(r, c):
    return {"head_dim": None, "attention_bias": r.random() < 0.4, "mlp_bias": r.random() < 0.4,
            "num_hidden_layers": r.choice([3, 4, 9]), "rope_parameters": rope(r, "default", "yarn")}


def olmo2(r, c):
    return {"head_dim": None, "rope_parameters": rope(r, "default", "yarn")}


def granite(r, c):
    return {"head_dim": None, "attention_bias": r.random() < 0.4, "mlp_bias": r.random() < 0.4,
            "embedding_multiplier": r.choice([12.0, 1.5]), "attention_multiplier": r.choice([0.0156, 0.25]),
            "residual_multiplier": r.choice([0.22, 0.7]), "logits_scaling": r.choice([8.0, 2.0]),
            "rope_parameters": rope(r, "default")}


def starcoder2(r, c):
    return {"head_dim": None, "use_bias": r.random() < 0.7, "norm_epsilon": c["rms_norm_eps"],
            "sliding_window": r.choice([None, 20]), "rope_parameters": rope(r, "default")}


def stablelm(r, c):
    head_dim = r.choice([8, 16])
    return {"head_dim": None, "hidden_size": c["num_attention_heads"] * head_dim, "use_qkv_bias": r.random() < 0.5,
            "use_parallel_residual": r.random() < 0.5, "layer_norm_eps": c["rms_norm_eps"],
            "rope_parameters": rope(r, "default", partial_rotary_factor=r.choice([0.25, 0.5, 1.0]))}


def gpt2(r, c):
    return dict(n_embd=c["hidden_size"], n_layer=c["num_hidden_layers"], n_head=c["num_attention_heads"],
                n_positions=c["max_position_embeddings"], n_ctx=c["max_position_embeddings"],
                n_inner=r.choice([None, c["intermediate_size"]]), layer_norm_epsilon=c["rms_norm_eps"])


def glm4(r, c):
    return {**free_width(r, c), "head_dim": r.choice([8, 16]), "attention_bias": r.random() < 0.5,
            "rope_parameters": rope(r, "default", partial_rotary_factor=r.choice([0.5, 1.0]))}


FAMILIES = {
    "Llama": llama, "Mistral": mistral, "Mixtral": mixtral, "Qwen2": qwen2, "Qwen2Moe": qwen2moe, "Qwen3": qwen3,
    "Qwen3Moe": qwen3moe, "Gemma": gemma, "Gemma2": gemma2, "Gemma3": gemma3, "Phi3": phi3, "SmolLM3": smollm3,
    "Olmo2": olmo2, "Granite": granite, "Starcoder2": starcoder2, "StableLm": stablelm, "GPT2": gpt2, "Glm4": glm4}


# Numbers with other names there.
FOREIGN = {
    "Starcoder2": ["rms_norm_eps"], "StableLm": ["rms_norm_eps"],
    "GPT2": ["rms_norm_eps", "num_attention_heads", "num_key_value_heads", "head_dim", "hidden_size",
             "intermediate_size", "num_hidden_layers", "max_position_embeddings"]}


def randomize(model, seed, center):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        is_norm = parameter.dim() == 1 and not name.endswith("bias")
        parameter.data = center + 0.2 * noise if is_norm else 0.2 * noise
        if is_norm and center == 0:
            # Smaller weights lose bits to the one that a GGUF adds.
            parameter.data[parameter.abs() < 2 ** -12] = 2 ** -12


def as_before(config):
    """The same in the words of transformers 4."""
    config = dict(config)
    parameters = config.pop("rope_parameters", None)
    if parameters and "full_attention" in parameters:
        full, local = parameters["full_attention"], parameters["sliding_attention"]
        config |= dict(rope_theta=full["rope_theta"], rope_local_base_freq=local["rope_theta"], rope_scaling=None)
        config["sliding_window_pattern"] = 6
        parameters = full
    if parameters:
        parameters = dict(parameters)
        config["rope_theta"] = parameters.pop("rope_theta")
        if "partial_rotary_factor" in parameters:
            config["partial_rotary_factor"] = parameters.pop("partial_rotary_factor")
        kind = parameters.pop("rope_type")
        if kind == "longrope":
            parameters.pop("original_max_position_embeddings", None)
        config["rope_scaling"] = None if kind == "default" else {
            ("rope_type" if kind == "llama3" else "type"): kind, **parameters}
    config.pop("layer_types", None)
    config["torch_dtype"] = config.pop("dtype")
    return {key: config[key] for key in sorted(config)}


def make(folder, family, seed, tokenizer):
    """Writes one checkpoint; returns what is worth printing of it."""
    r = random.Random(f"{family} {seed}")
    config = sizes(r)
    config |= FAMILIES[family](r, config)
    for key in FOREIGN.get(family, []):
        del config[key]
    # The converter adds the one of Gemma's norms in half precision.
    kind = r.choice(["f32", "bf16", "mixed"] + ["f16"] * (not family.startswith("Gemma")))
    config_class, model_class = CLASSES.get(family, (f"{family}Config", f"{family}ForCausalLM"))
    config = getattr(transformers, config_class)(
        **{key: value for key, value in config.items() if value is not None or key == "sliding_window"},
        vocab_size=tokenizer.get_vocab_size() + r.choice([0, 1, 13]), bos_token_id=1,
        eos_token_id=r.choice([2, [2, 0]]), pad_token_id=0, attn_implementation="eager")
    model = getattr(transformers, model_class)(config)
    randomize(model, seed, 0 if family.startswith("Gemma") else 1)
    model.tie_weights()
    model = model.to(TYPES.get(kind, torch.bfloat16))
    model.config.dtype = TYPES.get(kind, torch.bfloat16)
    shard = r.choice(["5GB", "20KB"])
    model.save_pretrained(folder, max_shard_size=shard)
    if kind == "mixed":
        for path in folder.glob("*.safetensors"):
            tensors = load_file(path)
            for name in tensors:
                # The experts of a layer have one type.
                if ".experts." not in name:
                    tensors[name] = tensors[name].to(TYPES[r.choice(["f32", "bf16", "bf16"])])
            save_file(tensors, path, {"format": "pt"})
    old = r.random() < 0.5
    if old:
        path = folder / "config.json"
        path.write_text(json.dumps(as_before(json.loads(path.read_text())), indent=2))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "GPT2Tokenizer" if family == "Phi3" else "PreTrainedTokenizerFast",
        "bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "model_max_length": 256}))
    return f"{kind}, {shard}, {'old' if old else 'new'} form"
