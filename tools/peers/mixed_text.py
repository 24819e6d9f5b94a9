"""Text of all sorts for tokenizers: prose and code, scripts, emoji, white space, digits, marks, random scalars and bytes."""

import json
import pathlib
import random
import unicodedata

CHUNK = 20_000
PROSE = (
    "It was the best of times, it was the worst of times; we'd gone THERE'S nothing o'clock. She'll say \"don't\", they've "
    "left… naïve café, coöperate — Ünïcödé! Price: $1,234.56 (20% off) at https://example.org/a_b?c=d#e. ")
CHINESE = "我们在北京的工作是研究人工智能，请问你今天想吃什么？東京は日本の首都です。한국어도 조금 섞어서 씁니다。１２３ＡＢＣ　"


def pools():
    assigned = [chr(c) for c in range(0x20, 0x2FA1E) if unicodedata.category(chr(c)) not in ("Cs", "Cn")]
    return [
        assigned,
        [chr(c) for c in range(0x4E00, 0x5300)] + list(CHINESE) + list("，。！\n的是了我你 12"),
        [chr(c) for c in range(0x1F300, 0x1FAF0)] + ["\u200d", "\ufe0f", " ", "a"],
        [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\x0b", "\x85", "a", ".", "1", " " * 19, "\n" * 9, " " * 700],
        list("0123456789") * 3 + list(" .,e+-xA²½٣"),
        [chr(c) for c in range(0x20, 0x250)] + ["'s", "'S", "'LL", "'re", "'ſ", " "] * 5,
        [chr(c) for c in range(0x300, 0x36F)] + [chr(c) for c in range(0x1100, 0x1200)] + list("aeiouncAEIOU가"),
        PROSE.split(" ") * 3 + [" ", " ", " ", "\n", ", "] * 40 + list(CHINESE),
        ["(", ")", "{", "}", "::", "->", "//", "\n    ", "\n\t", "if", "return", "_", "x1", "==", "'", '"', "#include", " "],
        [chr(c) for c in range(0x400, 0x530)] + [chr(c) for c in range(0x600, 0x6FF)]
        + [chr(c) for c in range(0x900, 0x97F)] + [chr(c) for c in range(0xE00, 0xE7F)] + [" "] * 60,
    ]


def texts(megabytes, seed=11, files=None):
    """Texts with their names, about so many megabytes of UTF-8 together."""
    source = random.Random(seed)
    files = files or sorted(pathlib.Path(json.__file__).parent.parent.glob("*.py"))
    total, limit = 0, megabytes * 1_000_000
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        for start in range(0, len(text), CHUNK):
            if total > limit * 0.3:
                break
            yield f"{file.name}+{start}", text[start:start + CHUNK]
            total += len(text[start:start + CHUNK].encode())
    kinds = pools()
    number = 0
    while total < limit:
        if number % (len(kinds) + 1) == len(kinds):
            text = source.randbytes(CHUNK).decode(errors="replace")
        else:
            text = "".join(source.choices(kinds[number % (len(kinds) + 1)], k=CHUNK // 3))
        total += len(text.encode())
        yield f"random {number}", text
        number += 1
