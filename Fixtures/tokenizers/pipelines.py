"""Random tokenizers with small vocabularies, from a seed: every model with normalizers, pre-tokenizers and decoders."""

import json
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = """The miller grinds the grain between two stones, and the flour falls into the sack below. It's slow work.
A checkpoint holds tensors: names, shapes, types and bytes; 1 22 333 4444 55555 3.14159 1,000,000 0xFF 1e-5 don't won't
func grind(_ grain: [Float], into sack: inout [UInt8]) throws -> Int { for index in 0..<grain.count { sack.append(1) } }
Die Mühle mahlt das Korn zwischen zwei Steinen; größer, schöner, älter. Le moulin écrase le blé, où l'été s'achève.
Мельница перемалывает зерно между двумя камнями, и мука падает в мешок. Η μύλος αλέθει το σιτάρι.
磨坊主在两块石头之间磨谷物，面粉落入下面的袋子里。这是一项缓慢的工作。粉挽きは二つの石の間で穀物を挽きます。
제분업자는 두 돌 사이에서 곡물을 갑니다. המילר טוחן את התבואה. الطحان يطحن الحبوب. चक्की अनाज पीसती है।
🙂 🌾 👩‍🌾 🇨🇭 ½ ² Ⅷ ١٢٣ ﬁ Å é é [MASK] <s> a_b snake_case camelCase HTTPServer   spaces\ttabs
""".split("\n")

PATTERNS = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[一-龥぀-ゟ゠-ヿ]+", r"\p{N}{1,3}", r"\s+", r"\w+|[^\w\s]+", r"(?<=[a-z])(?=[A-Z])", r"(?=\d)", r"\d{1,3}(?=(?:\d{3})*\b)",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[\p{Han}]+|[^\s]+", r" ?[^(\s|[.,!?…。，、।۔،])]+", r"(?>\s+)x?", r"[a-z&&[^aeiou]]+", r"[[:alpha:]]+", r"[[:^space:]]++",
    r"\p{Latin}+", r"(?i)the|und", r"(?m).", r"a*", r"(a|b)*?c", r"(?<!\d)\d", r"(?<name>e+)\s?", r"\b", r"$|^", r"x?",
    r"\A\s*|\s*\z", r"(?:(?:é|e)+ ?)*", r"\R", r"\h+", r"[^\P{L}a-e]+", r"(?<=ab|c|der )\w",
]
TEXTS = [" ", "-", "a", "  ", "e", ".", "th", "▁", "é", "", "Ġ"]
ADDED = ["<s>", "</s>", "[MASK]", "<|x|>", "stone", "The", "é", "  ", "\n", "Å", "grain ", " mill", "的", "ﬁ", "WORD"]


def normalizer(r, depth=0):
    kind = r.choice(["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "StripAccents", "Nmt", "Prepend", "Replace", "Regex", "Bert",
                     "ByteLevel", "Sequence", "Sequence"])
    if kind == "Sequence":
        if depth > 1:
            return normalizers.Lowercase()
        return normalizers.Sequence([normalizer(r, depth + 1) for _ in range(r.randint(0, 3))])
    if kind == "Strip":
        return normalizers.Strip(r.random() < .6, r.random() < .6)
    if kind == "Prepend":
        return normalizers.Prepend(r.choice(["▁", " ", "ab"]))
    if kind == "Replace":
        return normalizers.Replace(r.choice(TEXTS), r.choice(["▁", "", " ", "xy"]))
    if kind == "Regex":
        return normalizers.Replace(Regex(r.choice(PATTERNS)), r.choice(["▁", "", " ", "xy"]))
    if kind == "Bert":
        return normalizers.BertNormalizer(r.random() < .7, r.random() < .7, r.choice([None, True, False]), r.random() < .6)
    return getattr(normalizers, kind)()


def pre_tokenizer(r, depth=0):
    kind = r.choice(["ByteLevel", "ByteLevel", "Bert", "Whitespace", "WhitespaceSplit", "Metaspace", "Metaspace", "Punctuation", "Digits",
                     "Char", "Split", "Split", "Split", "UnicodeScripts", "FixedLength", "Sequence", "Sequence"])
    behaviors = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
    if kind == "ByteLevel":
        return pre_tokenizers.ByteLevel(add_prefix_space=r.random() < .5, use_regex=r.random() < .6)
    if kind == "Bert":
        return pre_tokenizers.BertPreTokenizer()
    if kind == "Metaspace":
        return pre_tokenizers.Metaspace(r.choice("▁▁▁_é"), r.choice(["first", "always", "never"]), r.random() < .6)
    if kind == "Punctuation":
        return pre_tokenizers.Punctuation(r.choice(behaviors))
    if kind == "Digits":
        return pre_tokenizers.Digits(r.random() < .5)
    if kind == "Char":
        return pre_tokenizers.CharDelimiterSplit(r.choice(" e-的"))
    if kind == "Split":
        pattern = r.choice(TEXTS) if r.random() < .3 else Regex(r.choice(PATTERNS))
        return pre_tokenizers.Split(pattern, r.choice(behaviors), r.random() < .25)
    if kind == "FixedLength":
        return pre_tokenizers.FixedLength(r.randint(1, 7))
    if kind == "Sequence":
        if depth > 1:
            return pre_tokenizers.Whitespace()
        return pre_tokenizers.Sequence([pre_tokenizer(r, depth + 1) for _ in range(r.randint(0, 3))])
    return getattr(pre_tokenizers, kind)()


def decoder(r, depth=0):
    kind = r.choice(["ByteLevel", "ByteFallback", "Fuse", "Strip", "Replace", "Metaspace", "WordPiece", "BPEDecoder", "CTC", "Sequence", "Sequence"])
    if kind == "Sequence":
        if depth > 1:
            return decoders.Fuse()
        return decoders.Sequence([decoder(r, depth + 1) for _ in range(r.randint(0, 4))])
    if kind == "Strip":
        return decoders.Strip(r.choice(" ▁e"), r.randint(0, 2), 0)
    if kind == "Replace":
        return decoders.Replace(r.choice(TEXTS) if r.random() < .6 else Regex(r.choice(PATTERNS)), r.choice([" ", "", "x"]))
    if kind == "Metaspace":
        return decoders.Metaspace(r.choice("▁_"), r.choice(["first", "always", "never"]))
    if kind == "WordPiece":
        return decoders.WordPiece(r.choice(["##", "", "Ġ"]), r.random() < .6)
    if kind == "BPEDecoder":
        return decoders.BPEDecoder(r.choice(["</w>", "e", "Ġ"]))
    if kind == "CTC":
        return decoders.CTC(r.choice(["<pad>", "e", ""]), r.choice(["|", " "]), r.random() < .5)
    return getattr(decoders, kind)()


def processor(r, depth=0):
    kind = r.choice(["Template", "Template", "Bert", "Roberta", "ByteLevel", "Sequence"])
    if kind == "Template":
        return processors.TemplateProcessing(single=r.choice(["<s> $A", "$A </s>", "<s> $A </s>", "</s> <s> $A:1 </s>:1"]),
                                             special_tokens=[("<s>", 1), ("</s>", 2)])
    if kind == "Bert":
        return processors.BertProcessing(("</s>", 2), ("<s>", 1))
    if kind == "Roberta":
        return processors.RobertaProcessing(("</s>", 2), ("<s>", 1), r.random() < .5, r.random() < .5)
    if kind == "Sequence" and depth < 2:
        return processors.Sequence([processor(r, depth + 1) for _ in range(r.randint(0, 2))])
    return processors.ByteLevel(r.random() < .5)


def model(r, unigram, sizes=(80, 200, 500)):
    kind = r.choice(["BPE", "BPE", "BPE", "WordPiece", "WordLevel"] + ["Unigram"] * unigram)
    special = ["<unk>", "<s>", "</s>"]
    size = r.choice(sizes)
    if kind == "BPE":
        options = {}
        if r.random() < .7:
            options["unk_token"] = "<unk>"
        options["fuse_unk"] = r.random() < .5
        options["byte_fallback"] = r.random() < .5
        options["ignore_merges"] = r.random() < .3
        if r.random() < .25:
            options["continuing_subword_prefix"] = r.choice(["##", "@"])
        if r.random() < .25:
            options["end_of_word_suffix"] = "</w>"
        trained = {key: options[key] for key in ("continuing_subword_prefix", "end_of_word_suffix") if key in options}
        alphabet = pre_tokenizers.ByteLevel.alphabet() if r.random() < .4 else list("▁e")
        trainer = trainers.BpeTrainer(vocab_size=size + len(special), special_tokens=special, show_progress=False,
                                      initial_alphabet=sorted(alphabet), limit_alphabet=r.choice([40, 300]), **trained)
        return models.BPE(**options), trainer
    if kind == "WordPiece":
        trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False, limit_alphabet=60)
        return models.WordPiece(unk_token="<unk>", max_input_chars_per_word=r.choice([3, 10, 100])), trainer
    if kind == "WordLevel":
        return models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    trainer = trainers.UnigramTrainer(vocab_size=size, special_tokens=special, unk_token="<unk>", show_progress=False)
    return models.Unigram(), trainer


def with_bytes(made):
    """The same with tokens for all bytes."""
    data = json.loads(made.to_str())
    vocabulary = data["model"]["vocab"]
    for byte in range(256):
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    return Tokenizer.from_str(json.dumps(data))


def shares_form(made, token):
    """Whether normalizing makes the token another one: which of them the library finds is chance."""
    def form(other):
        return made.normalizer.normalize_str(other.content) if other.normalized and made.normalizer else other.content

    try:
        return any(other.content != token.content and other.normalized == token.normalized and form(other) == form(token)
                   for other in made.get_added_tokens_decoder().values())
    except BaseException:  # The library panics on some texts.
        return True


def tokenizer(seed, unigram=False, sizes=(80, 200, 500)):
    """The `tokenizer.json` of a seed."""
    r = random.Random(seed)
    subwords, trainer = model(r, unigram, sizes)
    made = Tokenizer(subwords)
    if r.random() < .6:
        made.normalizer = normalizer(r)
    if r.random() < .85:
        made.pre_tokenizer = pre_tokenizer(r)
    made.train_from_iterator(CORPUS, trainer)
    if getattr(subwords, "byte_fallback", False) and r.random() < .8:
        made = with_bytes(made)
    if r.random() < .8:
        made.decoder = decoder(r)
    if r.random() < .5:
        made.post_processor = processor(r)
    for content in r.sample(ADDED, r.randint(0, 4)):
        token = AddedToken(content, single_word=r.random() < .25, lstrip=r.random() < .3, rstrip=r.random() < .3,
                           normalized=r.random() < .5, special=r.random() < .4)
        if shares_form(made, token):
            continue
        try:
            (made.add_special_tokens if token.special else made.add_tokens)([token])
        except BaseException:
            pass
    return made.to_str()


def texts(seed, count):
    r = random.Random(seed)
    pools = [
        list("the mil grain stone TheÅéﬁ.,!?'s't12 345  \n\t-_") + ADDED,
        [chr(c) for c in range(0x20, 0x250)] + [" "] * 40,
        [chr(c) for c in range(0x300, 0x370)] + [chr(c) for c in range(0x1100, 0x1200)] + list("aeiouncAEIOU가각"),
        list("磨坊主在两块石头之间磨谷物，。の間で穀 12") + ["\u3000", "ー", "カ"],
        [chr(c) for c in range(0x1F300, 0x1F700)] + ["\u200d", "\ufe0f", " ", "a"],
        [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\x0b", "\x85", "\u2028", "a", ".", "1", " " * 19],
        [chr(c) for c in range(0x20, 0x30000, 7) if not 0xD800 <= c < 0xE000] + [" ", "e"] * 200,
        [chr(c) for c in (0, 1, 0x7f, 0x8f, 0xad, 0x200b, 0x200d, 0x2581, 0xfeff, 0xfffd, 0xfffe, 0xe000, 0x1f1e6, 0x130, 0x131, 0x1e9e, 0x345)],
    ]
    made = ["", " ", "a", "the", " The stone", "  ", "▁", "\n", "<s>", "Åé"] + CORPUS
    while len(made) < count:
        pool = r.choice(pools) if r.random() < .8 else sum((r.sample(p, min(len(p), 12)) for p in pools), [])
        made.append("".join(r.choice(pool) for _ in range(r.randint(1, 40))))
    return made
