#!/usr/bin/env python3
"""Holds a conversation with `quern run` in a terminal and compares the prompt of every turn with transformers.

    tools/peers/compare-chat.py MODEL.gguf... [--quern PATH] [--tokenizer FOLDER]

The prompt's ids are asked of the chat itself (`/prompt ids`) and compared with `apply_chat_template` over the
messages that it saved. The tokenizer of transformers comes from the folder that `quern convert` makes, or from
--tokenizer. Also counted: the tokens that each turn had to read, which are the new ones alone where the answer's
own tokens are those of its text.

Needs: transformers, pexpect. Exit code 1 when a prompt differs.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import pexpect
from transformers import AutoTokenizer

QUESTIONS = [
    "What is the capital of France?",
    "And of Italy? Say it in one word.",
    "Write a haiku about the sea.",
    "Now the same in   three lines,\nwith\ttabs and \"quotes\".",
    "Que sais-tu de 北京 ?",
    "Print hello in Python. Use a code block.",
    "<b>1 < 2 && 3 > 2</b> is that true? 🦀",
    "List three fruits, one a line.",
    "  What did I ask you first?  ",
    "Thank you. Goodbye!",
]
PROMPT = "\x1b[J> "


def converse(quern, model, count, folder):
    """The ids of each turn's prompt, the tokens that it read, and the messages before its answer."""
    terminal = pexpect.spawn(
        str(quern), ["run", str(model), "-n", str(count), "--temperature", "0", "--verbose"],
        dimensions=(40, 4000), encoding="utf-8", timeout=300,
        env={"TERM": "xterm", "HOME": str(folder), "PATH": "/usr/bin:/bin"})
    terminal.expect_exact(PROMPT)

    def say(text):
        # As a paste, so that a line end in it does not send it.
        terminal.send(f"\x1b[200~{text}\x1b[201~\r")
        # The drawing of the message ends where the paste mode does.
        terminal.expect_exact("\x1b[?2004l")
        terminal.expect_exact("\x1b[?2004h")
        said = terminal.before
        terminal.expect_exact(PROMPT)
        return said

    turns = []
    for number, question in enumerate(QUESTIONS):
        read = int(re.search(r"prompt (\d+) tokens", say(question)).group(1))
        ids = [int(word) for word in say("/prompt ids").split()]
        path = folder / f"turn{number}.json"
        say(f"/save {path}")
        turns.append((ids, read, json.loads(path.read_text())[:-1]))
    terminal.send("\x04")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0, terminal.exitstatus
    return turns


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--quern", type=pathlib.Path, default=pathlib.Path(".build/release/quern"))
    parser.add_argument("--tokenizer", type=pathlib.Path)
    parser.add_argument("-n", type=int, default=60, help="tokens of an answer at most")
    options = parser.parse_args()
    failed = False
    for model in options.models:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            source = options.tokenizer
            if source is None:
                source = folder / "checkpoint"
                subprocess.run([options.quern, "convert", model, f"{source}/", "--quiet"], check=True)
            tokenizer = AutoTokenizer.from_pretrained(source)
            turns = converse(options.quern, model, options.n, folder)
            before = 0
            for number, (ids, read, messages) in enumerate(turns, 1):
                expected = tokenizer.apply_chat_template(
                    messages, add_generation_prompt=True, tokenize=True, return_dict=False)
                same = ids == list(expected)
                failed |= not same
                print(f"{model.name}: turn {number}: {len(ids)} tokens, {read} of them read, "
                      f"{len(ids) - before} of them new: {'same' if same else 'DIFFERENT'}")
                before = len(ids)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
