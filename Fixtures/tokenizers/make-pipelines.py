"""Makes pipelines.json: tokenizers of many kinds, with what the `tokenizers` library makes of texts. Needs tokenizers 0.23.

    make-pipelines.py
"""

import collections
import json
import os
import pathlib

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Tokenizer

from pipelines import texts, tokenizer

# So many cases, and then those of a kind that is rare among them.
COUNT = 48
SEEDS = 400
TEXTS = 12


def attempt(action):
    try:
        return action()
    except BaseException:  # The library panics on some texts.
        return None


def rows(made, seed):
    for text in texts(seed, TEXTS + 20)[-TEXTS:]:
        ids = attempt(lambda: made.encode(text, add_special_tokens=False).ids)
        framed = attempt(lambda: made.encode(text).ids)
        if ids is None or framed is None:
            continue
        decoded = attempt(lambda: made.decode(framed, skip_special_tokens=False))
        skipped = attempt(lambda: made.decode(ids, skip_special_tokens=True))
        if decoded is not None and skipped is not None:
            yield [text, ids, framed, skipped, decoded]


def kinds(part):
    """The types in a part of a tokenizer."""
    if isinstance(part, dict):
        own = [part["type"]] if isinstance(part.get("type"), str) else []
        return own + [kind for key, value in part.items() if key not in ("vocab", "merges") for kind in kinds(value)]
    return [kind for value in part for kind in kinds(value)] if isinstance(part, list) else []


def main():
    cases = []
    seen = collections.Counter()
    for seed in range(SEEDS):
        source = attempt(lambda: tokenizer(seed, sizes=(60,)))
        if not source:
            continue
        data = json.loads(source)
        found = set(kinds([data[key] for key in ("normalizer", "pre_tokenizer", "decoder", "post_processor")]))
        if len(cases) < COUNT or any(seen[kind] < 3 for kind in found):
            results = list(rows(Tokenizer.from_str(source), seed))
            if results:
                seen.update(found)
                cases.append({
                    "seed": seed, "rows": results,
                    "tokenizer": json.dumps(data, ensure_ascii=False, separators=(",", ":"))})
    text = json.dumps(cases, ensure_ascii=False, separators=(",", ":"))
    (pathlib.Path(__file__).parent / "pipelines.json").write_text(text + "\n", encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
