#!/usr/bin/env python3
"""How far our logits and llama.cpp's lie from the truth on the same quantized file, cache by cache.

The truth is the same file with every weight decoded to F32, run in F32 (an F32 GGUF in llama.cpp
with an F32 cache). The running text of --text, cut into sequences, passes through both engines as a
prompt and token by token as when generating, over each type of cache. Printed for each: mean KL
divergence from the truth with its standard error, how often the top token agrees, and how much the
divergence grows from the first type of cache to this one.

    tools/peers/compare-logits.py model.gguf --text README.md Specs/*.md --quern .build/release/quern

Exits 1 where ours is farther from the truth than llama.cpp's, or where a Q8_0 cache adds more than
0.0005. Needs numpy, gguf and llama-cpp-python.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import llama_peer

# What a Q8_0 cache may add to the mean divergence.
Q8_0_BOUND = 5e-4
# Rows that are compared at once.
ROWS = 64


def write_f32(source, destination):
    """The same model with every tensor decoded to F32."""
    import gguf

    reader = gguf.GGUFReader(source)
    field = reader.fields["general.architecture"]
    writer = gguf.GGUFWriter(destination, field.contents(), use_temp_file=False)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, sub_type=sub)
    writer.add_file_type(0)
    for tensor in reader.tensors:
        shape = [int(n) for n in reversed(tensor.shape)]
        writer.add_tensor_info(tensor.name, shape, numpy.dtype(numpy.float32), 4 * int(numpy.prod(shape)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        writer.write_tensor_data(values)
    writer.close()


def log_softmax(logits):
    logits = logits.astype(numpy.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    return logits - numpy.log(numpy.exp(logits).sum(axis=-1, keepdims=True))


class Tally:
    """Divergences of some logits from others, token by token."""

    def __init__(self, truth, found):
        self.divergences, agreed = [], 0
        for start in range(0, len(truth), ROWS):
            reference = log_softmax(truth[start:start + ROWS])
            other = log_softmax(found[start:start + ROWS])
            self.divergences += list((numpy.exp(reference) * (reference - other)).sum(axis=-1))
            agreed += int((reference.argmax(-1) == other.argmax(-1)).sum())
        self.mean = float(numpy.mean(self.divergences))
        self.error = float(numpy.std(self.divergences)) / len(truth) ** 0.5
        self.same_top = 100 * agreed / len(truth)


def run_llama(llama, path, ids, arguments, output, cache="f16", one_by_one=False):
    """Writes logits to a file; a cache of F32 makes the run exact."""
    model = llama_peer.Model(llama, path)
    context = model.context(arguments.sequence, arguments.threads, cache)
    with open(output, "wb") as file:
        for start in range(0, len(ids), arguments.sequence):
            context.clear()
            part = ids[start:start + arguments.sequence]
            step = 1 if one_by_one else len(part)
            for index in range(0, len(part), step):
                context.decode(part[index:index + step], index, True)
                context.logits(step).tofile(file)
    context.close()
    model.close()


def run_quern(path, ids_path, arguments, output, cache, one_by_one):
    subprocess.run(
        [arguments.quern, "logits", path, "--ids", ids_path, "--output", output, "--overwrite",
         "--sequence", str(arguments.sequence), "--threads", str(arguments.threads),
         "--cache-type", cache] + ["--one-by-one"] * one_by_one, check=True)


def rows_of(path, count):
    return numpy.memmap(path, numpy.float32, "r").reshape(count, -1)


class Table:
    """Prints a line for each path and cache, and remembers what breaks a bound."""

    def __init__(self):
        self.first, self.broken = {}, []
        print(f"{'':10} {'cache':5}   {'quern':25} {'adds':>9}   {'llama.cpp':25} {'adds':>9}   ratio")

    def cell(self, engine, path, tally):
        added = tally.mean - self.first.setdefault((engine, path), tally.mean)
        return f"{tally.mean:.3e} +- {tally.error:.0e} {tally.same_top:6.2f} % {added:9.1e}", added

    def add(self, path, cache, ours, peer):
        (left, added), (right, _) = self.cell("quern", path, ours), self.cell("llama", path, peer)
        ratio = ours.mean / max(peer.mean, 1e-300)
        print(f"{path:10} {cache:5}   {left}   {right}   {ratio:.3f}", flush=True)
        if ours.mean > peer.mean:
            self.broken.append(f"{path}, {cache}: farther from the truth than llama.cpp")
        if cache == "q8_0" and added > Q8_0_BOUND:
            self.broken.append(f"{path}, {cache}: adds {added:.1e}, more than {Q8_0_BOUND:.1e}")


def read_ids(llama, arguments):
    model = llama_peer.Model(llama, arguments.model)
    text = ""
    for path in arguments.text:
        with open(path, encoding="utf-8") as file:
            text += file.read()
    ids = model.tokenize(text)[:arguments.tokens]
    model.close()
    if len(ids) < arguments.tokens:
        raise SystemExit(f"the text has only {len(ids)} tokens")
    return ids


def compare(llama, arguments, folder):
    ids = read_ids(llama, arguments)
    ids_path, found = os.path.join(folder, "ids"), os.path.join(folder, "found")
    with open(ids_path, "w") as file:
        file.write(" ".join(map(str, ids)))
    truth_path = arguments.truth or os.path.join(folder, "truth")
    if not os.path.exists(truth_path):
        exact = os.path.join(folder, "exact.gguf")
        write_f32(arguments.model, exact)
        run_llama(llama, exact, ids, arguments, truth_path, "f32")
        os.remove(exact)
    truth = rows_of(truth_path, len(ids))

    def divergence(run, *more):
        run(*more)
        return Tally(truth, rows_of(found, len(ids)))

    print(f"{len(ids)} tokens of {os.path.basename(arguments.model)}: mean KL from the truth, same top token")
    table = Table()
    for path in arguments.paths.split(","):
        for cache in arguments.cache_types.split(","):
            single = path == "generation"
            ours = divergence(run_quern, arguments.model, ids_path, arguments, found, cache, single)
            peer = divergence(run_llama, llama, arguments.model, ids, arguments, found, cache, single)
            table.add(path, cache, ours, peer)
    for line in table.broken:
        print(line)
    return 1 if table.broken else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--text", required=True, nargs="+", help="running text")
    parser.add_argument("--quern", default="quern", help="our program")
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--sequence", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--paths", default="prompt,generation")
    parser.add_argument("--cache-types", default="f16,q8_0,q4_0")
    parser.add_argument("--truth", help="logits of the truth from an earlier run; kept here where missing")
    llama_peer.add_arguments(parser)
    arguments = parser.parse_args()
    llama = llama_peer.load(arguments)
    with tempfile.TemporaryDirectory() as folder:
        return compare(llama, arguments, folder)


if __name__ == "__main__":
    sys.exit(main())
