"""Makes checkpoints with SentencePiece tokenizers and weights of zero, and the tokenizer that llama.cpp's converter makes
of each.

    python make.py LLAMA_CPP          writes beside itself

The models are those of ../../sentencepiece. Needs transformers 5 and sentencepiece 0.2.3.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from gguf import GGUFReader
from safetensors.torch import save_file
from sentencepiece import SentencePieceProcessor
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
from transformers.convert_slow_tokenizer import generate_merges

HERE = Path(__file__).resolve().parent
MODELS = HERE / "../../sentencepiece"
TEMPLATE = "{{ bos_token }}{% for message in messages %}[{{ message['role'] }}] {{ message['content'] }}{% endfor %}"


def entry(text, special=True):
    return {"content": text, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": special}


def folder(name, model, architecture, added, more_rows, **settings):
    path = HERE / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    processor = SentencePieceProcessor(model_file=str(MODELS / f"{model}.model"))
    shutil.copy(MODELS / f"{model}.model", path / "tokenizer.model")
    config = {
        "architectures": [architecture], "vocab_size": processor.vocab_size() + more_rows, "bos_token_id": 1,
        "eos_token_id": 2, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "head_dim": 16,
        "num_key_value_heads": 2, "intermediate_size": 32, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
        "hidden_act": "silu", "tie_word_embeddings": True, "torch_dtype": "bfloat16",
        "model_type": architecture.replace("ForCausalLM", "").lower()}
    if name.startswith("gemma"):
        config.update({
            "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0, "hidden_act": "gelu_pytorch_tanh",
            "hidden_activation": "gelu_pytorch_tanh"})
    if name == "gemma3":
        config.update({"model_type": "gemma3_text", "query_pre_attn_scalar": 16, "sliding_window": 64})
    if name == "phi3":
        config.update({"original_max_position_embeddings": 64, "sliding_window": 64})
    write(path / "config.json", config)
    weights(path, processor.vocab_size() + more_rows, architecture)
    write(path / "tokenizer_config.json", {
        "added_tokens_decoder": {str(number): token for number, token in added.items()}, **settings})
    return path, processor


def weights(path, rows, architecture):
    shapes = {"self_attn.o_proj": (32, 32), "mlp.down_proj": (32, 32)}
    norms = ["input_layernorm", "post_attention_layernorm"]
    if architecture.startswith("Phi3"):
        shapes.update({"self_attn.qkv_proj": (96, 32), "mlp.gate_up_proj": (64, 32)})
    else:
        shapes.update({f"self_attn.{part}_proj": (32, 32) for part in "qkv"})
        shapes.update({f"mlp.{part}_proj": (32, 32) for part in ["gate", "up"]})
    if architecture.startswith("Gemma3"):
        norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
        shapes.update({"self_attn.q_norm": (16,), "self_attn.k_norm": (16,)})
    shapes.update({norm: (32,) for norm in norms})
    tensors = {f"model.layers.0.{name}.weight": torch.zeros(shape, dtype=torch.bfloat16) for name, shape in shapes.items()}
    tensors["model.embed_tokens.weight"] = torch.zeros((rows, 32), dtype=torch.bfloat16)
    tensors["model.norm.weight"] = torch.zeros(32, dtype=torch.bfloat16)
    save_file(tensors, path / "model.safetensors", metadata={"format": "pt"})
    (path / "model.safetensors").chmod(0o644)


def write(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def tokenizer_json(processor, added):
    """As transformers converts Llama's model."""
    vocabulary = {processor.id_to_piece(i): i for i in range(processor.vocab_size())}
    scores = {processor.id_to_piece(i): processor.get_score(i) for i in range(processor.vocab_size())}
    special = [piece for piece, i in vocabulary.items() if processor.is_control(i) or processor.is_unknown(i)]
    merges = generate_merges(vocabulary, scores, skip_tokens=special)
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, fuse_unk=True, byte_fallback=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    for text, is_special in added:
        token = AddedToken(text, normalized=False, special=is_special)
        (tokenizer.add_special_tokens if is_special else tokenizer.add_tokens)([token])
    return tokenizer


def make_all():
    llama = {0: entry("<unk>"), 1: entry("<s>"), 2: entry("</s>")}
    roles = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>", tokenizer_class="LlamaTokenizer")
    folder("llama", "llama", "LlamaForCausalLM", llama, 5, add_bos_token=True, add_eos_token=False,
           chat_template=TEMPLATE, legacy=False, **roles)
    processor = SentencePieceProcessor(model_file=str(MODELS / "gemma.model"))
    gemma = {
        i: entry(processor.id_to_piece(i), i < 5) for i in range(processor.vocab_size())
        if processor.is_control(i) or processor.is_unknown(i) or processor.id_to_piece(i) in (
            "[multimodal]", "<start_of_turn>", "<end_of_turn>", "\n\n", "\n\n\n", "\u2581\u2581", "\u2581\u2581\u2581",
            "\u2581\u2581\u2581\u2581", "<table>")}
    roles = dict(bos_token=entry("<bos>"), eos_token=entry("<eos>"), unk_token=entry("<unk>"), pad_token=entry("<pad>"))
    for name, architecture in [("gemma", "GemmaForCausalLM"), ("gemma3", "Gemma3ForCausalLM")]:
        path, _ = folder(
            name, "gemma", architecture, gemma, 0, add_bos_token=True, add_eos_token=False,
            tokenizer_class="GemmaTokenizer", **roles)
        (path / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    roles = dict(bos_token="<s>", eos_token="<|endoftext|>", unk_token="<unk>", pad_token="<|endoftext|>")
    path, processor = folder(
        "phi3", "llama", "Phi3ForCausalLM", {
            0: entry("<unk>"), 1: entry("<s>"), 2: {**entry("</s>", False), "rstrip": True}}, 9,
        add_bos_token=True, add_eos_token=False, tokenizer_class="LlamaTokenizer", legacy=False, **roles)
    first = processor.vocab_size()
    new = [("<|endoftext|>", True), ("<|assistant|>", True), ("<|user|>", False), ("plain\u2581word", False)]
    write(path / "added_tokens.json", {text: first + i for i, (text, _) in enumerate(new)})
    tokenizer_json(processor, [("<unk>", True), ("<s>", True), ("</s>", False), *new]).save(str(path / "tokenizer.json"))
    path, processor = folder(
        "mistral", "llama", "MistralForCausalLM", llama, 2, add_bos_token=True, add_eos_token=False,
        tokenizer_class="LlamaTokenizer", bos_token="<s>", eos_token="</s>", unk_token="<unk>", additional_special_tokens=["</w>"],
        legacy=False)
    (path / "tokenizer.model").unlink()
    tokenizer = tokenizer_json(processor, [("<unk>", True), ("<s>", True), ("</s>", True), ("[INST]", False), ("</w>", True)])
    tokenizer.save(str(path / "tokenizer.json"))


def expected(root, name):
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "reference.gguf"
        subprocess.run(
            [sys.executable, f"{root}/convert_hf_to_gguf.py", str(HERE / name), "--outfile", str(path), "--vocab-only"],
            check=True, capture_output=True)
        reader = GGUFReader(path)
        metadata = [
            [key, " ".join(kind.name.lower() for kind in field.types), field.contents()]
            for key, field in reader.fields.items() if key.startswith("tokenizer.")]
    text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    make_all()
    for name in ["llama", "gemma", "gemma3", "phi3", "mistral"]:
        try:
            expected(sys.argv[1], name)
        except subprocess.CalledProcessError as error:
            print(name, error.stderr.decode()[-1500:])
