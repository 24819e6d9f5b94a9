#!/usr/bin/env python3
"""Compares the token ids of `quern tokenize` for the ggml-vocab-*.gguf files of llama.cpp's `models` folder.

    tools/peers/compare-vocabularies.py MODELS [--quern PATH] [--megabytes 10] [--only NAME...] [--names]
        [--llama-package FOLDER] [--llama-libraries FOLDER]

1. The lists beside the files (.inp, .out), which the original tokenizers made; where there are none, llama.cpp itself.
2. Mixed text against the `tokenizers` library, built from the tokens and merges of the file and the published
   pre-tokenizer of its name; and whether decoding gives the text back.
3. How many of these texts llama.cpp encodes otherwise than the original: for information.
4. With --names: every name of `tokenizer.ggml.pre` that llama.cpp knows, with the vocabulary of llama-bpe, beside llama.cpp.

Needs: tokenizers, gguf, llama-cpp-python. Exit code 1 when ids differ in 1 or 2, or when a name is not known.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

import gguf
from tokenizers import Tokenizer

import llama_peer
from mixed_text import texts

SEPARATOR = "\n__ggml_vocab_test__\n"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
QWEN35 = QWEN2.replace(r"?\p{L}+", r"?[\p{L}\p{M}]+").replace(r"[^\s\p{L}\p{N}]+", r"[^\s\p{L}\p{M}\p{N}]+")
DEEPSEEK_LETTERS = (
    "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373"
    "\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f"
    "\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79"
    "-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-"
    "\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-"
    "\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-"
    "\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-"
    "\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a"
    "\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2"
    "\U000118a0-\U000118df\U0001e900-\U0001e943]+")


def byte_level(use_regex):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


def split(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


DIGITS = {"type": "Digits", "individual_digits": True}
NFC = {"type": "NFC"}
# By `tokenizer.ggml.pre`: the stages, and the normalizer.
PUBLISHED = {
    "gpt-2": ([byte_level(True)], None),
    "mpt": ([byte_level(True)], NFC),
    "starcoder": ([DIGITS, byte_level(True)], None),
    "refact": ([DIGITS, byte_level(True)], None),
    "command-r": ([DIGITS, byte_level(True)], NFC),
    "qwen2": ([split(QWEN2), byte_level(False)], NFC),
    "qwen35": ([split(QWEN35), byte_level(False)], None),
    "llama-bpe": ([split(LLAMA3), byte_level(False)], None),
    "falcon": ([{"type": "Punctuation", "behavior": "Contiguous"}, byte_level(True),
                {"type": "Digits", "individual_digits": False}, split("[0-9][0-9][0-9]")], None),
    "deepseek-llm": ([split("[\r\n]"), split(DEEPSEEK_LETTERS), split(r"\s?[!-/:-~！-／：-～‘-‟\u3000-。]+"), split(r"\s+$"),
                      split("[一-龥\u0800-一가-\ud7ff]+"), DIGITS, byte_level(False)], None),
    "deepseek-coder": ([split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split("[一-龥\u0800-一가-\ud7ff]+"), DIGITS,
                        byte_level(False)], None),
    # No tokenizer was published under this name; the patterns are llama.cpp's.
    None: ([split(r"[\p{P}\$\+<=>\^~\|]+"), split(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"),
            split(r"\p{N}+"), split("[0-9][0-9][0-9]"), byte_level(False)], None),
}


class Vocabulary:
    def __init__(self, path):
        self.path = path
        self.name = path.stem.removeprefix("ggml-vocab-")
        reader = gguf.GGUFReader(path)

        def field(name, default=None):
            key = f"tokenizer.ggml.{name}"
            return reader.fields[key].contents() if key in reader.fields else default

        self.model, self.pre = field("model"), field("pre")
        self.tokens, self.merges = field("tokens"), field("merges", [])
        self.types = field("token_type") or [1] * len(self.tokens)
        lists = [path.with_name(path.name + suffix) for suffix in (".inp", ".out")]
        self.list = None
        if all(file.exists() for file in lists):
            wanted = [[int(number) for number in line.split()] for line in lists[1].read_text().split("\n")]
            self.list = list(zip(lists[0].read_bytes().decode().split(SEPARATOR), wanted))

    def published(self):
        """The tokenizer that the file's was made of, or None where it is not of this kind."""
        if self.model == "gemma4":
            pre, normalizer = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}, {
                "type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
        elif self.model == "gpt2" and self.pre in PUBLISHED:
            stages, normalizer = PUBLISHED[self.pre]
            pre = {"type": "Sequence", "pretokenizers": stages}
        else:
            return None
        isBytes = self.model == "gpt2"
        added = [
            {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
             "special": kind == 3}
            for i, (token, kind) in enumerate(zip(self.tokens, self.types)) if kind in (3, 4)]
        merges = [pair.split(" ") if isBytes else list(pair.partition(" ")[::2]) for pair in self.merges]
        vocabulary = {token: i for i, token in enumerate(self.tokens)}
        merges = [pair for pair in merges if len(pair) == 2 and all(part in vocabulary for part in (*pair, "".join(pair)))]
        return Tokenizer.from_str(json.dumps({
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer,
            "pre_tokenizer": pre, "post_processor": None, "decoder": byte_level(True) if isBytes else None,
            "model": {
                "type": "BPE", "dropout": None, "unk_token": None if isBytes else "<unk>", "continuing_subword_prefix": None,
                "end_of_word_suffix": None, "fuse_unk": not isBytes, "byte_fallback": not isBytes,
                "ignore_merges": self.pre == "llama-bpe", "vocab": vocabulary, "merges": merges}}))


class Quern:
    def __init__(self, path):
        self.path = path

    def lines(self, model, arguments, lines):
        result = subprocess.run(
            [self.path, "tokenize", model, "--json-lines", *arguments], input="\n".join(map(json.dumps, lines)).encode() + b"\n",
            capture_output=True)
        if result.returncode:
            return result.stderr.decode().strip()
        return [json.loads(line) for line in result.stdout.splitlines()]

    def encode(self, model, texts, special=True):
        flags = ["--no-special"] if special else ["--no-special", "--no-parse-special"]
        found = self.lines(model, flags, texts)
        return found if isinstance(found, str) else [line["ids"] for line in found]


class Llama:
    def __init__(self, llama, path):
        self.llama = llama
        parameters = llama.llama_model_default_params()
        parameters.vocab_only = True
        self.model = llama.llama_model_load_from_file(str(path).encode(), parameters)
        self.vocabulary = llama.llama_model_get_vocab(self.model) if self.model else None

    def encode(self, text, special=True):
        data = text.encode()
        ids = (self.llama.llama_token * (len(data) + 16))()
        count = self.llama.llama_tokenize(self.vocabulary, data, len(data), ids, len(ids), False, special)
        return list(ids[:count])

    def close(self):
        self.llama.llama_model_free(self.model)


def differing(found, wanted, named):
    """The names of the texts whose ids differ, and the first place where they do."""
    names, first = [], ""
    for (name, _), ids, expected in zip(named, found, wanted):
        if ids != expected:
            place = next((i for i, (a, b) in enumerate(zip(ids, expected)) if a != b), min(len(ids), len(expected)))
            first = first or f"{name}, token {place}: {ids[place:place + 5]}, expected {expected[place:place + 5]}"
            names.append(name)
    return names, first


def check_list(vocabulary, quern, llama, inputs):
    pairs = vocabulary.list
    source = "its list"
    if not pairs:
        peer = Llama(llama, vocabulary.path)
        pairs = [(text, peer.encode(text, False)) for text in inputs]
        peer.close()
        source = "llama.cpp"
    found = quern.encode(vocabulary.path, [text for text, _ in pairs], special=False)
    if isinstance(found, str):
        return f"refused: {found}", True
    names, first = differing(found, [ids for _, ids in pairs], [(repr(text)[:40], text) for text, _ in pairs])
    return f"{len(pairs) - len(names)} of {len(pairs)} texts like {source}{'; ' + first if first else ''}", bool(names)


def check_text(vocabulary, quern, llama, named):
    reference = vocabulary.published()
    if not reference:
        return "no published byte-pair tokenizer", False
    plain = [(name, text.replace("<|", "< |")) for name, text in named]
    found = quern.encode(vocabulary.path, [text for _, text in plain])
    if isinstance(found, str):
        return f"refused: {found}", True
    wanted = [encoding.ids for encoding in reference.encode_batch([text for _, text in plain], add_special_tokens=False)]
    names, first = differing(found, wanted, plain)
    decoded = quern.lines(vocabulary.path, ["--decode"], found)
    back = lost = 0
    if not isinstance(decoded, str):
        form = (lambda text: unicodedata.normalize("NFC", text)) if PUBLISHED.get(vocabulary.pre, (0, 0))[1] else str
        for (_, text), line in zip(plain, decoded):
            back += line.get("text", line.get("prompt")) == form(text)
        lost = len(plain) - back
    peer = Llama(llama, vocabulary.path)
    others = sum(peer.encode(text) != ids for (_, text), ids in zip(plain, wanted))
    peer.close()
    size = sum(len(text.encode()) for _, text in plain) / 1e6
    return (f"{len(names)} of {len(plain)} texts differ ({size:.1f} MB), {back} decode to themselves; "
            f"llama.cpp differs from the original in {others}{'; ' + first if first else ''}"), bool(names)


def check_names(models, quern, llama, folder, named):
    """Every name that llama.cpp knows, with one vocabulary."""
    source = (models.parent / "src" / "llama-vocab.cpp").read_text()
    names = sorted(set(re.findall(r'tokenizer_pre == "([^"]+)"', source)))
    vocabulary = Vocabulary(models / "ggml-vocab-llama-bpe.gguf")
    failed = False
    for name in names:
        path = pathlib.Path(folder, "named.gguf")
        writer = gguf.GGUFWriter(str(path), "llama")
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(name)
        writer.add_token_list(vocabulary.tokens)
        writer.add_token_types(vocabulary.types)
        writer.add_token_merges(vocabulary.merges)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        found = quern.encode(path, [text for _, text in named])
        if isinstance(found, str):
            print(f"  {name}: refused: {found}")
            failed = True
            continue
        peer = Llama(llama, path)
        wanted = [peer.encode(text) for _, text in named]
        peer.close()
        different, first = differing(found, wanted, named)
        print(f"  {name}: llama.cpp differs in {len(different)} of {len(named)} texts{'; ' + first if first else ''}")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", type=pathlib.Path)
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--only", nargs="*", help="names of vocabularies, as llama-bpe")
    parser.add_argument("--names", action="store_true", help="try every pre-tokenizer name of llama.cpp")
    llama_peer.add_arguments(parser)
    options = parser.parse_args()
    llama, quern = llama_peer.load(options), Quern(options.quern)
    named = list(texts(options.megabytes))
    failed = False
    inputs = None
    for path in sorted(options.models.glob("ggml-vocab-*.gguf")):
        vocabulary = Vocabulary(path)
        inputs = inputs or [text for text, _ in vocabulary.list or []]
        if options.only and vocabulary.name not in options.only:
            continue
        result, bad = check_list(vocabulary, quern, llama, inputs or [text for _, text in named[:40]])
        print(f"{vocabulary.name}: {result}", flush=True)
        failed |= bad
        if options.megabytes > 0:
            result, bad = check_text(vocabulary, quern, llama, named)
            print(f"  {result}", flush=True)
            failed |= bad
    if options.names:
        with tempfile.TemporaryDirectory() as folder:
            failed |= check_names(options.models, quern, llama, folder, [(n, t.replace("<|", "< |")) for n, t in texts(0.5)])
    sys.exit(failed)


if __name__ == "__main__":
    main()
