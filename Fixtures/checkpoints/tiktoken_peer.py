"""Stands in for the tokenizer code of the original Qwen, which llama.cpp's converter would run from the folder.

Importing it lets `AutoTokenizer` of transformers give, for a folder with a tiktoken file, an object with what the
converter asks of that code: the ranks, and the special tokens behind them.
"""

import base64
from pathlib import Path

import transformers

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + [f"<|extra_{number}|>" for number in range(205)]


class Ranks:
    def __init__(self, path):
        lines = [line.split() for line in path.read_bytes().splitlines() if line]
        self.mergeable_ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
        self.special_tokens = {text: len(lines) + place for place, text in enumerate(SPECIAL)}

    def get_vocab(self):
        return {**self.mergeable_ranks, **self.special_tokens}


published = transformers.AutoTokenizer.from_pretrained


def from_pretrained(folder, *arguments, **more):
    path = next(Path(folder).glob("*.tiktoken"), None)
    return Ranks(path) if path else published(folder, *arguments, **more)


transformers.AutoTokenizer.from_pretrained = from_pretrained
