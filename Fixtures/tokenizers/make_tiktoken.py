"""Makes tiktoken.json: the ids that the `tiktoken` library, 0.14, gives the texts of golden.json. Needs tiktoken.

The ranks are those of Fixtures/checkpoints/tiny-qwen/qwen.tiktoken, cut into words as each encoding does it.
"""

import base64
import json
import pathlib
import unicodedata

import tiktoken
import tiktoken_ext.openai_public as public

HERE = pathlib.Path(__file__).parent
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def main():
    public.load_tiktoken_bpe = lambda *_, **__: {}
    patterns = {
        name: public.ENCODING_CONSTRUCTORS[name]()["pat_str"] for name in ["r50k_base", "cl100k_base", "o200k_base"]}
    patterns |= {"llama3": LLAMA3, "qwen": LLAMA3.replace("{1,3}", "")}
    lines = (HERE / "../checkpoints/tiny-qwen/qwen.tiktoken").read_text().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}
    texts = json.loads((HERE / "golden.json").read_text())["texts"]
    special = {
        "qwen": {text: len(ranks) + place for place, text in enumerate(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])},
        "llama3": {"<|begin_of_text|>": len(ranks), "<|eot_id|>": len(ranks) + 9}}
    encodings = []
    for name, pattern in patterns.items():
        peer = tiktoken.Encoding(
            name, pat_str=pattern, mergeable_ranks=ranks, special_tokens=special.get(name, {}))
        rows = [
            peer.encode(unicodedata.normalize("NFC", text) if name == "qwen" else text, allowed_special="all")
            for text in texts]
        encodings.append({"name": name, "rows": rows})
    text = json.dumps({"encodings": encodings}, separators=(",", ":"))
    (HERE / "tiktoken.json").write_text(text.replace("],[", "],\n[") + "\n")


if __name__ == "__main__":
    main()
