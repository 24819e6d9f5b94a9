#!/usr/bin/env python3
"""Prompt and generation speed beside llama.cpp's, on the same file in one run.

Rounds alternate between the two programs, so that both see the same machine; medians and their ratios
are printed. The prompt is running text cut to --prompt tokens.

    tools/peers/bench-generation.py model.gguf --text README.md --quern .build/release/quern

Needs numpy and llama-cpp-python.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import llama_peer


def quern(arguments, text):
    command = [arguments.quern, "run", arguments.model, "--raw", "--json", "--temperature", "0",
               "--context", str(arguments.context), "-n", str(arguments.generate + 1), "--threads",
               str(arguments.threads), "-p", text]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if report["new_tokens"] < arguments.generate // 2:
        print(f"note: quern stopped after {report['new_tokens']} tokens", file=sys.stderr)
    return report["prompt_tokens_per_second"], report["tokens_per_second"], report["prompt_tokens"]


def llama(model, arguments, ids):
    context = model.context(arguments.context, arguments.threads)
    context.decode(ids[:16], 0, False)  # wakes threads, touches pages
    context.clear()
    start = time.perf_counter()
    context.decode(ids, 0, False)
    context.logits(1)
    prompt = time.perf_counter() - start
    token = ids[-1]
    start = time.perf_counter()
    for index in range(arguments.generate):
        context.decode([token], len(ids) + index, False)
        token = int(context.logits(1)[0].argmax())
    generation = time.perf_counter() - start
    context.close()
    return len(ids) / prompt, arguments.generate / generation


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--text", required=True)
    parser.add_argument("--quern", default="quern")
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    llama_peer.add_arguments(parser)
    arguments = parser.parse_args()
    arguments.context = arguments.prompt + arguments.generate + 64

    model = llama_peer.Model(llama_peer.load(arguments), arguments.model)
    with open(arguments.text, encoding="utf-8") as file:
        text = file.read()
    # As many characters as give the tokens wanted.
    low, high = 0, len(text)
    while low < high:
        middle = (low + high) // 2
        if len(model.tokenize(text[:middle])) < arguments.prompt:
            low = middle + 1
        else:
            high = middle
    text = text[:low]
    ids = model.tokenize(text)[:arguments.prompt]

    ours, peer = [], []
    for _ in range(arguments.rounds):
        ours.append(quern(arguments, text))
        peer.append(llama(model, arguments, ids))
    print(f"{os.path.basename(arguments.model)}, {arguments.threads} threads, medians of "
          f"{arguments.rounds} rounds, tokens/s")
    print(f"{'':18}{'quern':>10}{'llama.cpp':>12}{'ratio':>8}")
    for column, name in enumerate([f"prompt of {len(ids)}", f"generation {arguments.generate}"]):
        mine = statistics.median(round[column] for round in ours)
        other = statistics.median(round[column] for round in peer)
        print(f"{name:18}{mine:10.1f}{other:12.1f}{mine / other:8.2f}")


if __name__ == "__main__":
    main()
