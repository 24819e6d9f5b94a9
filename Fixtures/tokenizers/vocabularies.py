"""Vocabularies of a useful size, one for each way that published tokenizers work, trained on Python's own sources."""

import json
import pathlib

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from pipelines import CORPUS, PATTERNS, with_bytes

GPT2, LLAMA3, O200K = PATTERNS[:3]
ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())


def corpus():
    lines = CORPUS * 40
    for file in sorted(pathlib.Path(json.__file__).parent.parent.glob("*.py"))[:60]:
        lines += file.read_text(encoding="utf-8", errors="replace").split("\n")
    return lines


def byte_level(pattern=None, normalizer=None, **model):
    made = Tokenizer(models.BPE(**model))
    if normalizer:
        made.normalizer = normalizer
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if pattern:
        made.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    made.decoder = decoders.ByteLevel()
    return made, trainers.BpeTrainer(vocab_size=8000, initial_alphabet=ALPHABET, show_progress=False)


def sentence_pieces():
    """Characters with U+2581 for spaces, no pre-tokenizer, and bytes to fall back on, as Llama 2 and Gemma have."""
    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=8000, special_tokens=["<unk>", "<s>", "</s>"], limit_alphabet=200, show_progress=False)
    made.train_from_iterator(corpus(), trainer)
    made = with_bytes(made)
    data = json.loads(made.to_str())
    data["pre_tokenizer"] = None
    made = Tokenizer.from_str(json.dumps(data))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    made.decoder = decoders.Sequence([
        decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return made


def word_pieces():
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    return made, trainers.WordPieceTrainer(vocab_size=8000, special_tokens=["[UNK]", "[CLS]", "[SEP]"], show_progress=False)


def words():
    made = Tokenizer(models.WordLevel(unk_token="<unk>"))
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.StripAccents()])
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made, trainers.WordLevelTrainer(vocab_size=8000, special_tokens=["<unk>"], show_progress=False)


def suffixes():
    """Words that end in `</w>`, as the first GPT and CLIP have."""
    made = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    made.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.BPEDecoder("</w>")
    return made, trainers.BpeTrainer(vocab_size=8000, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False)


def unigram():
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    return made, trainers.UnigramTrainer(vocab_size=4000, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False)


MATRIX = {
    "gpt2": lambda: byte_level(),
    "llama3": lambda: byte_level(LLAMA3, ignore_merges=True),
    "qwen2": lambda: byte_level(LLAMA3.replace("{1,3}", ""), normalizers.NFC()),
    "o200k": lambda: byte_level(O200K),
    "sentence-pieces": sentence_pieces,
    "word-pieces": word_pieces,
    "words": words,
    "suffixes": suffixes,
    "unigram": unigram,
}


def trained(kind):
    """The `tokenizer.json` of a kind of ``MATRIX``."""
    made = MATRIX[kind]()
    if isinstance(made, tuple):
        made, trainer = made
        made.train_from_iterator(corpus(), trainer)
    return made.to_str()
