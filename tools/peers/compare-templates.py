#!/usr/bin/env python3
"""Compares the prompts of `quern tokenize --chat` with those of jinja2, set up as transformers does it.

    tools/peers/compare-templates.py TEMPLATE.jinja... [--quern PATH] [--snippets COUNT] [--seed NUMBER]

Renders the conversations of chat_cases.py with each template, and random snippets of template_snippets.py. Both
refusing a conversation counts as equal. Snippets that print the address of an object are left out.
Needs: transformers, jinja2, gguf. Exit code 1 when a prompt differs.
"""

import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import warnings

import gguf
from transformers.utils.chat_template_utils import _compile_jinja_template

from chat_cases import CHATS
from template_snippets import VARIABLES, Snippets

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}


def write_model(path):
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(["a", "b", "ab", *SPECIAL.values()])
    writer.add_token_types([1, 1, 1, 3, 3])
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(3)
    writer.add_eos_token_id(4)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def expected(template, chat):
    """The prompt, or None for a refusal, and the reason."""
    variables = {"tools": None, "documents": None, "add_generation_prompt": True, **SPECIAL, **chat}
    try:
        return _compile_jinja_template(template).render(**json.loads(json.dumps(variables))), None
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


class Quern:
    def __init__(self, path, folder):
        self.path = path
        self.model, self.chat, self.template = (pathlib.Path(folder, name) for name in ("m.gguf", "c.json", "t.jinja"))
        write_model(self.model)

    def render(self, template, chat):
        self.template.write_bytes(template.encode())
        self.chat.write_text(json.dumps(chat))
        result = subprocess.run(
            [self.path, "tokenize", self.model, "--chat", self.chat, "--template", self.template, "--json"], capture_output=True)
        if result.returncode == 0:
            return json.loads(result.stdout)["prompt"], None
        if result.returncode != 1:
            sys.exit(f"quern ended with {result.returncode} for {template!r}")
        return None, result.stderr.decode().strip()


def shows_address(text):
    """Whether an object was printed, perhaps in pieces or in other letters."""
    return re.search("at0x|generatorob|reversed|iterator", re.sub("[^a-z0-9]", "", text.lower())) is not None


def compare(quern, template, chat):
    """None when equal, or when what jinja2 prints is another each time; else what differs."""
    wanted, why = expected(template, chat)
    found, reason = quern.render(template, chat)
    if wanted == found or wanted is not None and shows_address(wanted):
        return None
    return f"expected {wanted!r}{why or ''}, found {found!r}{reason or ''}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("templates", nargs="*", type=pathlib.Path)
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--snippets", type=int, default=0, help="how many random snippets")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        quern = Quern(options.quern, folder)
        equal = 0
        for path in options.templates:
            template = path.read_bytes().decode()
            different = [number for number, chat in enumerate(CHATS) if compare(quern, template, chat)]
            equal += not different
            if different:
                print(f"{path.name}: conversations {different} differ: {compare(quern, template, CHATS[different[0]])[:300]}")
        failed += len(options.templates) - equal
        if options.templates:
            print(f"{equal} of {len(options.templates)} templates render {len(CHATS)} conversations like jinja2")
        snippets = Snippets(random.Random(options.seed))
        different = refused = 0
        for _ in range(options.snippets):
            template = snippets.snippet()
            chat = {"messages": [], "add_generation_prompt": False, **VARIABLES}
            refused += expected(template, chat)[0] is None
            if difference := compare(quern, template, chat):
                different += 1
                print(f"{template!r}: {difference[:300]}")
        failed += different
        if options.snippets:
            print(f"{options.snippets - different} of {options.snippets} snippets of seed {options.seed} render like jinja2, "
                  f"{refused} of them to a refusal")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
