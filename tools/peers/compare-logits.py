#!/usr/bin/env python3
"""How far our logits and llama.cpp's lie from the truth on the same quantized file.

The truth is the same file with every weight decoded to F32, run in F32 (an F32 GGUF in llama.cpp
with an F32 cache). Printed for each engine: mean KL divergence from the truth and how often the top
token agrees, over the running text of --text cut into sequences.

    tools/peers/compare-logits.py model.gguf --text README.md --quern .build/release/quern

Needs numpy, gguf and llama-cpp-python.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import llama_peer


def write_f32(source, destination):
    """The same model with every tensor decoded to F32."""
    import gguf

    reader = gguf.GGUFReader(source)
    field = reader.fields["general.architecture"]
    writer = gguf.GGUFWriter(destination, field.contents())
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, sub_type=sub)
    writer.add_file_type(0)
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        shape = [int(n) for n in reversed(tensor.shape)]
        writer.add_tensor(tensor.name, values.reshape(shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def log_softmax(logits):
    logits = logits.astype(numpy.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    return logits - numpy.log(numpy.exp(logits).sum(axis=-1, keepdims=True))


class Tally:
    def __init__(self):
        self.divergences, self.agreed = [], 0

    def add(self, truth, found):
        reference, other = log_softmax(truth), log_softmax(found)
        self.divergences += list((numpy.exp(reference) * (reference - other)).sum(axis=-1))
        self.agreed += int((reference.argmax(-1) == other.argmax(-1)).sum())

    @property
    def mean(self):
        return float(numpy.mean(self.divergences))

    def line(self, name):
        values = numpy.array(self.divergences)
        error = values.std() / len(values) ** 0.5
        return (f"{name:12} mean KL {self.mean:.3e} +- {error:.1e}  p99 {numpy.quantile(values, .99):.3e}  "
                f"max {values.max():.3e}  same top {100 * self.agreed / len(values):.2f} %")


def llama_logits(llama, path, ids, sequence, threads, exact=False, one_by_one=False):
    model = llama_peer.Model(llama, path)
    context = model.context(sequence, threads, exact)
    for start in range(0, len(ids), sequence):
        context.clear()
        part = ids[start:start + sequence]
        if one_by_one:
            rows = []
            for index, token in enumerate(part):
                context.decode([token], index, True)
                rows.append(context.logits(1)[0])
            yield numpy.stack(rows)
        else:
            context.decode(part, 0, True)
            yield context.logits(len(part))
    context.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--text", required=True, help="running text")
    parser.add_argument("--quern", default="quern", help="our program")
    parser.add_argument("--tokens", type=int, default=1024)
    parser.add_argument("--sequence", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one-by-one", action="store_true", help="the path of generation")
    parser.add_argument("--cache-type", help="of our cache: f16, bf16, q8_0, q4_0 or f32")
    parser.add_argument("--truth", help="an F32 GGUF made before; made where missing")
    llama_peer.add_arguments(parser)
    arguments = parser.parse_args()
    llama = llama_peer.load(arguments)

    with tempfile.TemporaryDirectory() as folder:
        truth = arguments.truth or os.path.join(folder, "truth.gguf")
        if not os.path.exists(truth):
            write_f32(arguments.model, truth)
        model = llama_peer.Model(llama, arguments.model)
        with open(arguments.text, encoding="utf-8") as text:
            ids = model.tokenize(text.read())[:arguments.tokens]
        if len(ids) < arguments.tokens:
            raise SystemExit(f"{arguments.text} has only {len(ids)} tokens")
        ids_path, ours_path = os.path.join(folder, "ids"), os.path.join(folder, "ours")
        with open(ids_path, "w") as file:
            file.write(" ".join(map(str, ids)))
        command = [arguments.quern, "logits", arguments.model, "--ids", ids_path, "--output",
                   ours_path, "--sequence", str(arguments.sequence), "--threads",
                   str(arguments.threads)]
        if arguments.cache_type:
            command += ["--cache-type", arguments.cache_type]
        subprocess.run(command + ["--one-by-one"] * arguments.one_by_one, check=True)
        ours_all = numpy.memmap(ours_path, numpy.float32, "r").reshape(len(ids), -1)

        ours, peer, between = Tally(), Tally(), Tally()
        exact = llama_logits(llama, truth, ids, arguments.sequence, arguments.threads, exact=True)
        quantized = llama_logits(llama, arguments.model, ids, arguments.sequence,
                                 arguments.threads, one_by_one=arguments.one_by_one)
        start = 0
        for reference, other in zip(exact, quantized):
            mine = ours_all[start:start + len(reference)]
            start += len(reference)
            ours.add(reference, mine)
            peer.add(reference, other)
            between.add(other, mine)
        print(f"{len(ids)} tokens of {os.path.basename(arguments.model)}")
        print(ours.line("quern"))
        print(peer.line("llama.cpp"))
        print(between.line("between"))
        print(f"quern / llama.cpp: {ours.mean / max(peer.mean, 1e-300):.3f}")


if __name__ == "__main__":
    main()
