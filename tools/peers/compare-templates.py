#!/usr/bin/env python3
"""Compares the prompts of `quern tokenize --chat` with those of jinja2, set up as transformers does it.

    tools/peers/compare-templates.py TEMPLATE.jinja... [--quern PATH]

Each template goes into a GGUF file with a tiny vocabulary. Both refusing a conversation counts as equal.
Needs: transformers, jinja2, gguf. Exit code 1 when a prompt differs.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import gguf
from transformers.utils.chat_template_utils import _compile_jinja_template


def call(arguments, name="get_weather", number="call00001"):
    return {"type": "function", "id": number, "function": {"name": name, "arguments": arguments}}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


SYSTEM = {"role": "system", "content": "You are a pirate. Speak like one.  "}
CONVERSATIONS = [
    [user("Hello there")],
    [SYSTEM, user(" Hi \n"), assistant("Ahoy!\n"), user("What's up? 你好 🙂 <b>&amp;</b> \"q\" \\ back")],
    [user("Hi"), assistant("Yes."), user("More"), assistant("Done")],
    [SYSTEM, user("Weather?"), assistant("", tool_calls=[call({"city": "Paris", "n": 1.5, "t": True, "z": None})]),
     {"role": "tool", "content": "21 degrees", "name": "get_weather", "tool_call_id": "call00001"},
     assistant("It is 21."), user("Thanks")],
    [user("Weather?"), assistant(None, tool_calls=[call('{"city": "Paris"}'), call('{"a": 1}', "add", "call00002")]),
     {"role": "tool", "content": '{"t": 21}', "name": "get_weather", "tool_call_id": "call00001"},
     {"role": "tool", "content": "2", "name": "add", "tool_call_id": "call00002"}],
    [user([{"type": "text", "text": "Part one. "}, {"type": "text", "text": "Part two."}])],
    [SYSTEM, user("Think"), assistant("The answer is 4.", reasoning_content="2+2 is 4"), user("Again?"),
     assistant("<think>\nhmm\n</think>\n\nFour."), user("ok")],
    [{"role": "developer", "content": "Dev says"}, user(""), assistant("a"), user("long " * 50)],
    [user("a"), user("b"), {"role": "system", "content": "late"}],
    [],
]


def write_model(path, template):
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(["a", "b", "ab", "<s>", "</s>"])
    writer.add_token_types([1, 1, 1, 3, 3])
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(3)
    writer.add_eos_token_id(4)
    writer.add_chat_template(template)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def expected(template, messages):
    try:
        return _compile_jinja_template(template).render(
            messages=messages, add_generation_prompt=True, tools=None, documents=None,
            bos_token="<s>", eos_token="</s>")
    except Exception:
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("templates", nargs="+", type=pathlib.Path)
    parser.add_argument("--quern", default=".build/release/quern")
    options = parser.parse_args()
    equal = 0
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder, "model.gguf")
        chat = pathlib.Path(folder, "messages.json")
        for path in options.templates:
            template = path.read_bytes().decode()
            write_model(model, template)
            different = []
            for number, messages in enumerate(CONVERSATIONS):
                chat.write_text(json.dumps(messages))
                result = subprocess.run(
                    [options.quern, "tokenize", model, "--chat", chat, "--json"], capture_output=True)
                found = json.loads(result.stdout)["prompt"] if result.returncode == 0 else None
                if found != expected(template, messages):
                    different.append(number)
            equal += not different
            if different:
                print(f"{path.name}: conversations {different} differ")
    print(f"{equal} of {len(options.templates)} templates render {len(CONVERSATIONS)} conversations like jinja2")
    sys.exit(equal < len(options.templates))


if __name__ == "__main__":
    main()
