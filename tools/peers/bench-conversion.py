#!/usr/bin/env python3
"""Converts a folder of a few gigabytes to GGUF beside `cp` of the same bytes.

    tools/peers/bench-conversion.py [--architecture llama] [--gigabytes 3] [--rounds 3] [--cold]
                                    [--folder FOLDER] [--quern PATH]

The folder holds random BF16 weights in shards. Both write a new file and wait until it is on the disk, in turns; `cp`
is followed by fsync of its copies, as the conversion syncs its own. With --cold, the page cache forgets the source
before each. Prints medians, their ratio, and the conversion's peak resident memory: in a conversion to another
container most of that is mapped pages of the source, which the system takes back when it wants them.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHARD = 1 << 30
WIDTH, FEED_FORWARD, HEADS, KEY_VALUE_HEADS, VOCABULARY = 2048, 8192, 32, 8, 32000

COMMON = dict(
    hidden_size=WIDTH, intermediate_size=FEED_FORWARD, num_attention_heads=HEADS,
    num_key_value_heads=KEY_VALUE_HEADS, hidden_act="silu", max_position_embeddings=8192,
    rms_norm_eps=1e-5, rope_theta=10000.0, torch_dtype="bfloat16", tie_word_embeddings=True,
    bos_token_id=1, eos_token_id=2)
ARCHITECTURES = {
    "llama": dict(architectures=["LlamaForCausalLM"], model_type="llama"),
    "qwen2": dict(architectures=["Qwen2ForCausalLM"], model_type="qwen2"),
}


def tensors(architecture, layers, vocabulary):
    keys = WIDTH // HEADS * KEY_VALUE_HEADS
    yield "model.embed_tokens.weight", [vocabulary, WIDTH]
    for layer in range(layers):
        prefix = f"model.layers.{layer}"
        for name, rows in [("q", WIDTH), ("k", keys), ("v", keys)]:
            yield f"{prefix}.self_attn.{name}_proj.weight", [rows, WIDTH]
            if architecture == "qwen2":
                yield f"{prefix}.self_attn.{name}_proj.bias", [rows]
        yield f"{prefix}.self_attn.o_proj.weight", [WIDTH, WIDTH]
        yield f"{prefix}.mlp.gate_proj.weight", [FEED_FORWARD, WIDTH]
        yield f"{prefix}.mlp.up_proj.weight", [FEED_FORWARD, WIDTH]
        yield f"{prefix}.mlp.down_proj.weight", [WIDTH, FEED_FORWARD]
        yield f"{prefix}.input_layernorm.weight", [WIDTH]
        yield f"{prefix}.post_attention_layernorm.weight", [WIDTH]
    yield "model.norm.weight", [WIDTH]


def byte_count(shape):
    count = 2
    for extent in shape:
        count *= extent
    return count


def write_shard(path, shard):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shard:
        end = offset + byte_count(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        while offset > 0:
            # Exponents without infinities: the high bit of each pair's second byte but one is cleared.
            block = int.from_bytes(os.urandom(min(offset, 1 << 22)), "little")
            count = min(offset, 1 << 22)
            mask = int.from_bytes(b"\xff\xbf" * (count // 2), "little")
            file.write((block & mask).to_bytes(count, "little"))
            offset -= count
        os.fsync(file.fileno())


def write_checkpoint(folder, architecture, byte_total):
    tokenizer = ROOT / "Fixtures/checkpoints" / f"tiny-{architecture}"
    folder.mkdir()
    for name in ["tokenizer.json", "tokenizer_config.json"]:
        shutil.copy(tokenizer / name, folder)
    tiny = json.loads((tokenizer / "config.json").read_text())
    per_layer = sum(byte_count(s) for n, s in tensors(architecture, 1, 0) if ".layers." in n)
    layers = max(1, round(byte_total / per_layer))
    config = COMMON | ARCHITECTURES[architecture] | dict(
        num_hidden_layers=layers, vocab_size=tiny["vocab_size"])
    (folder / "config.json").write_text(json.dumps(config))
    shards, size = [[]], 0
    for name, shape in tensors(architecture, layers, tiny["vocab_size"]):
        if size + byte_count(shape) > SHARD and shards[-1]:
            shards.append([])
            size = 0
        shards[-1].append((name, shape))
        size += byte_count(shape)
    index = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        index.update({tensor: name for tensor, _ in shard})
        write_shard(folder / name, shard)
    total = sum(byte_count(shape) for shard in shards for _, shape in shard)
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": index}))
    return total


def forget(folder):
    for path in folder.iterdir():
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def copied(source, target):
    start = time.monotonic()
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    for path in target.iterdir():
        with open(path, "rb") as file:
            os.fsync(file.fileno())
    seconds = time.monotonic() - start
    shutil.rmtree(target)
    return seconds


def converted(quern, source, target):
    start = time.monotonic()
    program = subprocess.Popen([quern, "convert", str(source), str(target), "--quiet"])
    _, status, usage = os.wait4(program.pid, 0)
    seconds = time.monotonic() - start
    if os.waitstatus_to_exitcode(status):
        sys.exit("bench-conversion: the conversion failed")
    target.unlink()
    return seconds, usage.ru_maxrss << 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--architecture", choices=list(ARCHITECTURES), default="llama")
    parser.add_argument("--gigabytes", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--folder", help="where everything is written and removed again")
    parser.add_argument("--quern", default=str(ROOT / ".build/release/quern"))
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="quern-conversion-", dir=arguments.folder))
    try:
        source = folder / "source"
        total = write_checkpoint(source, arguments.architecture, arguments.gigabytes * 1e9)
        copies, conversions, peak = [], [], 0
        for _ in range(arguments.rounds):
            for run in ["copy", "convert"]:
                if arguments.cold:
                    forget(source)
                if run == "copy":
                    copies.append(copied(source, folder / "copy"))
                else:
                    seconds, resident = converted(arguments.quern, source, folder / "out.gguf")
                    conversions.append(seconds)
                    peak = max(peak, resident)
        copy, conversion = statistics.median(copies), statistics.median(conversions)
        print(f"{arguments.architecture}, {total / 1e9:.2f} GB, {'cold' if arguments.cold else 'warm'}, "
              f"medians of {arguments.rounds}")
        print(f"  cp and fsync   {copy:6.2f} s  {total / copy / 1e9:6.2f} GB/s")
        print(f"  quern convert  {conversion:6.2f} s  {total / conversion / 1e9:6.2f} GB/s  "
              f"{copy / conversion * 100:.0f} % of cp's speed, peak {peak >> 20} MiB")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
