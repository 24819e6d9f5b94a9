"""Makes small SentencePiece models, and what the library makes of texts by each. Needs sentencepiece 0.2.3
and, for a tokenizer.json of one of them, tokenizers 0.23.

    python make.py            writes beside itself; the same version gives the same bytes
"""

import io
import json
import random
import struct
from pathlib import Path

import sentencepiece
import tokenizers

HERE = Path(__file__).resolve().parent
SPACE = "\u2581"
LINES = [
    line for text in [(HERE / "../../LICENSE").read_text(encoding="utf-8"), """
A hand mill grinds grain between two stones. The upper stone turns, the lower stone lies still.
The miller doesn't hurry; he'd rather do it well: 1, 22, 333 sacks of 4444 grains, 55555 a day.
func grind(_ grain: [Float], into sack: inout [UInt8]) throws -> Int { return grain.count }  // 2 + 2 = 4
Die Mühle mahlt das Korn zwischen zwei Steinen; größer, schöner. Le moulin écrase le blé, où l'été s'achève.
Мельница перемалывает зерно между двумя камнями. 磨坊主在两块石头之间磨谷物，面粉落入下面的袋子里。
粉挽きは二つの石の間で穀物を挽きます。 제분업자는 두 돌 사이에서 곡물을 갑니다.
"""] for line in text.split("\n") if line.strip()]
# A few rules of NFKC and their like: sequences, removals, and one that makes white space.
RULES = """FF21\t41
FF22\t42
3000\t20
A0\t20
9\t20
A\t20
AD\t
200B\t
FB01\t66 69
65 301\tE9
1100 1161\tAC00
2460\t31
3F7\t3F8
41 30A\tC5
41 30A 301\t1FA
"""
BASE = dict(vocab_size=420, character_coverage=0.99, num_threads=1, minloglevel=2, hard_vocab_limit=False)
IDENTITY = dict(normalization_rule_name="identity")
LLAMA = dict(
    model_type="bpe", byte_fallback=True, split_digits=True, allow_whitespace_only_pieces=True,
    remove_extra_whitespaces=False, vocab_size=640, **IDENTITY)
GEMMA = dict(
    LLAMA, add_dummy_prefix=False, pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>",
    bos_piece="<bos>", control_symbols=["<mask>"], user_defined_symbols=[
        "[multimodal]", "<start_of_turn>", "<end_of_turn>", "\n\n", "\n\n\n", SPACE * 2, SPACE * 3, SPACE * 4, "<table>"])
MODELS = {
    "llama": LLAMA,
    "gemma": GEMMA,
    "unused": dict(GEMMA, add_dummy_prefix=True),
    "bpe": dict(model_type="bpe", rules=True),
    "unigram": dict(model_type="unigram", rules=True),
    "unigram-bytes": dict(
        model_type="unigram", byte_fallback=True, remove_extra_whitespaces=False, vocab_size=640,
        user_defined_symbols=["<sep>", "the mill", "st"], rules=True),
    "suffix": dict(model_type="unigram", treat_whitespace_as_suffix=True, **IDENTITY),
    "word": dict(model_type="word", use_all_vocab=True, user_defined_symbols=["<sep>"], rules=True),
    "char": dict(model_type="char", user_defined_symbols=["<sep>", "ll"], **IDENTITY),
    "denormalizing": dict(model_type="bpe", denormalization_rule_tsv="denormal.tsv", **IDENTITY),
}


def train(name, options):
    options = dict(BASE, **options)
    if options.pop("rules", False):
        options["normalization_rule_tsv"] = "rules.tsv"
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(LINES), model_writer=model, **options)
    return model.getvalue()


def varint(data, place):
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def unused(model):
    """The model with every fifth normal piece of several characters unused."""
    result, place, number = b"", 0, 0
    while place < len(model):
        start = place
        key, place = varint(model, place)
        length, place = varint(model, place)
        field = model[place:place + length]
        place += length
        if key == 0x0A and b"\x18" not in field[-2:-1]:
            number += 1
            size = field[1]
            if number % 5 == 0 and len(field[2:2 + size].decode()) > 1:
                field += b"\x18\x05"
                result += bytes([0x0A, len(field)]) + field
                continue
        result += model[start:place]
    return result


def fields(message):
    """Numbers and values of a protocol-buffers message without floats."""
    place = 0
    while place < len(message):
        key, place = varint(message, place)
        value, place = varint(message, place)
        if key & 7 == 2:
            value, place = message[place:place + value], place + value
        yield key >> 3, value


def charsmap(model):
    """The table of replacements of a model."""
    return dict(fields(dict(fields(model))[3]))[2]


def library(model, cases):
    """A tokenizer.json with the pieces of a model, and the ids it gives."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    vocabulary = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.vocab_size())]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(vocabulary, 0, False))
    tokenizer.normalizer = tokenizers.normalizers.Precompiled(charsmap(model))
    (HERE / "unigram.json").write_text(tokenizer.to_str() + "\n", encoding="utf-8")
    return [tokenizer.encode(text).ids for text in cases]


def texts():
    random.seed(5)
    cases = ["", " ", "  ", "   ", "\t", "\n", "\n\n", "\n\n\n\n\n", "\r\n", " \n ", "a", " a", "a ", "  a  b   c    d "]
    cases += LINES[-8:] + LINES[:4]
    cases += [
        "Hello, World! It's 2026; don't", "x=1\n\tif (y)  {\r\n\t\treturn 12345678;\n\t}\n\n\n\nend   \n   \n",
        "a\u00a0b\u3000c\u2028d\u0085e\u200bf\ufeffg", "<unk> <s> </s><bos> <eos> <pad> <mask> <0x41> <0x0A>",
        "<start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\n", "<sep>the mill<sep> the mill still<sep", "stststill",
        "<table><table> [multimodal][multimodal", "e\u0301A\u030aA\u030a\u0301 \uff21\uff22 \ufb01ne \u2460 \u1100\u1161\u11a8 \u00ad\u00ad",
        "\u2581a\u2581\u2581b \u2581", "🙂🙃👨‍👩‍👧 𝔘𝔫𝔦 𐍈 𠀀 ☃︎", "磨磨坊主 石头石头，，", "µµ µ ω", "a" * 90, " " * 90 + "x", "ab" * 60, "stone" * 30,
        "\u3000\u00a0 both ends \u3000 ", "\u200b", "\u200b \u200b", " \u200b a \u200b b\u200b ",
    ]
    pool = list("the stone mil ,.12\n") + [chr(c) for c in range(0x20, 0x17F)] + [SPACE, "  ", "\n\n", "st", "\u3000", "磨", "<sep>"]
    cases += ["".join(random.choices(pool, k=random.randrange(1, 60))) for _ in range(60)]
    return cases


def main():
    (HERE / "rules.tsv").write_text(RULES)
    (HERE / "denormal.tsv").write_text("E9\t65 301\n2D\t2013\n")
    golden = {"texts": texts(), "models": []}
    for name, options in MODELS.items():
        model = train(name, options)
        if name == "unused":
            model = unused(model)
        (HERE / f"{name}.model").write_bytes(model)
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        rows = []
        for text in golden["texts"]:
            ids = processor.encode(text)
            rows.append([ids, processor.decode(ids)])
        extra = [[random.randrange(processor.vocab_size()) for _ in range(12)] for _ in range(40)]
        golden["models"].append({
            "name": name, "rows": rows, "decoded": [[ids, processor.decode(ids)] for ids in extra]})
    golden["library"] = library((HERE / "unigram.model").read_bytes(), golden["texts"])
    (HERE / "golden.json").write_text(
        json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import os

    os.chdir(HERE)
    main()
