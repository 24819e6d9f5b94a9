#!/usr/bin/env python3
"""Time from the start of the process to the first token, beside llama.cpp's, on the same file.

Runs alternate between `quern run` and a C program that does the least with llama.cpp. Both read the same prompt as
it is and choose the likeliest token; the clock stops when its first byte arrives. Medians are printed, of
wall time and of the processor time of the whole process. With --cold the file's pages are dropped before each run.

    tools/peers/bench-loading.py model.gguf --llama-source llama.cpp --llama-libraries build/bin

Needs a C compiler, llama.cpp's headers (its source tree) and libraries.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def build(arguments, folder):
    program = os.path.join(folder, "llama-first-token")
    subprocess.run(
        ["cc", "-O2", "-o", program, os.path.join(HERE, "llama-first-token.c"),
         f"-I{arguments.llama_source}/include", f"-I{arguments.llama_source}/ggml/include",
         f"-L{arguments.llama_libraries}", f"-Wl,-rpath,{os.path.abspath(arguments.llama_libraries)}",
         f"-Wl,-rpath-link,{arguments.llama_libraries}", "-lllama", "-lggml", "-lggml-base"], check=True)
    return program


def drop_pages(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def measure(command, model, cold):
    """Seconds to the first byte, processor seconds of the process, and the text."""
    if cold:
        drop_pages(model)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    text = os.read(process.stdout.fileno(), 256)
    wall = time.perf_counter() - start
    text += process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or not text:
        raise SystemExit(f"{command[0]} failed with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--quern", default="quern")
    parser.add_argument("--prompt", default="The capital of France is")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--cold", action="store_true", help="drop the file's pages before each run")
    parser.add_argument("--most", type=float, help="exit 1 when ours takes more than this times the peer's")
    parser.add_argument("--llama-source", required=True, help="source tree of llama.cpp, for its headers")
    parser.add_argument("--llama-libraries", required=True, help="folder that holds libllama.so")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        peer = [build(arguments, folder), arguments.model, arguments.prompt, str(arguments.threads)]
        ours = [arguments.quern, "run", arguments.model, "--raw", "-p", arguments.prompt, "-n", "1",
                "--temperature", "0", "--threads", str(arguments.threads), "--quiet"]
        for command in (ours, peer):  # both programs and, unless cold, the file into memory
            measure(command, arguments.model, False)
        rounds = [(measure(ours, arguments.model, arguments.cold),
                   measure(peer, arguments.model, arguments.cold)) for _ in range(arguments.rounds)]
    texts = {run[2].decode().strip() for pair in rounds for run in pair}
    if len(texts) != 1:
        print(f"note: the tokens differ: {sorted(texts)}", file=sys.stderr)
    print(f"{os.path.basename(arguments.model)}, {arguments.threads} threads, "
          f"{'cold' if arguments.cold else 'warm'}, medians of {arguments.rounds} rounds, milliseconds")
    print(f"{'':24}{'quern':>10}{'llama.cpp':>12}{'ratio':>8}")
    ratios = []
    for column, name in enumerate(["first token, wall time", "processor time"]):
        mine, other = (statistics.median(pair[side][column] for pair in rounds) for side in (0, 1))
        ratios.append(statistics.median(pair[0][column] / pair[1][column] for pair in rounds))
        print(f"{name:24}{mine * 1e3:10.1f}{other * 1e3:12.1f}{ratios[-1]:8.2f}")
    if arguments.most and ratios[0] > arguments.most:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
