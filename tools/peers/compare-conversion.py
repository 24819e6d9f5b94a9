#!/usr/bin/env python3
"""Compares `quern convert` with llama.cpp's convert_hf_to_gguf.py, key by key and byte by byte.

    compare-conversion.py --quern .build/release/quern --llama-cpp ~/llama.cpp FOLDER...

For each Hugging Face folder and each of F32, BF16 and F16: metadata (keys, order, types, values) and tensors
(order, types, shapes, bytes) of both GGUFs are the same. Then the way back: GGUF -> folder -> GGUF in BF16
returns every tensor, and transformers loads the folder and gives the same tokens and logits.

A GGUF instead of a folder takes the way back only. Needs gguf, numpy, torch and transformers.
llama.cpp knows a pre-tokenizer by a hash of what it does with one text, which depends on the vocabulary;
`--pre NAME` tells it the name for a vocabulary that it has not seen.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from gguf import GGUFReader

TEXT = "Hello, how are you? I'm fine, it's 1234 o'clock.\n\n  \tDer Fuchs springt über 我想在apple工作 🦙 <|im_end|> they'LL\r\n"


def fields(path):
    """The keys of a GGUF, but for those that are ours alone."""
    reader = GGUFReader(path)
    found = {
        name: ([str(kind) for kind in field.types], field.contents())
        for name, field in reader.fields.items() if not name.startswith(("GGUF.", "quern."))}
    return reader, found


def same_metadata(ours, theirs):
    problems = []
    if list(ours) != list(theirs):
        for key in theirs.keys() - ours.keys():
            problems.append(f"key missing: {key} = {str(theirs[key][1])[:80]}")
        for key in ours.keys() - theirs.keys():
            problems.append(f"key too much: {key} = {str(ours[key][1])[:80]}")
        if not problems:
            problems.append(f"order: {list(ours)} for {list(theirs)}")
    for key in ours.keys() & theirs.keys():
        if ours[key] != theirs[key] and not (key.endswith("chat_templates") and set(ours[key][1]) == set(theirs[key][1])):
            problems.append(f"{key}: {str(ours[key])[:100]} for {str(theirs[key])[:100]}")
    return problems


def same_tensors(ours, theirs, order=True):
    problems = []
    names = [[tensor.name for tensor in reader.tensors] for reader in (ours, theirs)]
    if (names[0] != names[1]) if order else (set(names[0]) != set(names[1])):
        problems.append(f"tensors: {names[0][:5]}... for {names[1][:5]}...")
    by_name = {tensor.name: tensor for tensor in theirs.tensors}
    for tensor in ours.tensors:
        other = by_name.get(tensor.name)
        if other is None:
            continue
        if tensor.tensor_type != other.tensor_type or list(tensor.shape) != list(other.shape):
            problems.append(f"{tensor.name}: {tensor.tensor_type.name} {tensor.shape} for {other.tensor_type.name} {other.shape}")
        elif not np.array_equal(np.asarray(tensor.data).view(np.uint8), np.asarray(other.data).view(np.uint8)):
            problems.append(f"{tensor.name}: bytes differ")
    return problems


def report(what, problems):
    print(f"{'differs' if problems else 'same   '}  {what}")
    for problem in problems[:8]:
        print(f"           {problem}")
    return bool(problems)


def quern(arguments, *words):
    result = subprocess.run([arguments.quern, *map(str, words)], capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"quern {' '.join(map(str, words))}: {result.stderr}")
    return result.stdout


def reference(arguments, folder, destination, kind):
    """Runs the converter in a process of its own, told the name of the pre-tokenizer when we have one."""
    code = (
        "import sys, runpy; root, pre = sys.argv[1:3]; sys.path[:0] = [root, root + '/gguf-py']\n"
        "if pre:\n"
        "    from conversion.base import TextModel\n"
        "    TextModel.get_vocab_base_pre = lambda self, tokenizer: pre\n"
        "sys.argv = [root + '/convert_hf_to_gguf.py'] + sys.argv[3:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n")
    result = subprocess.run(
        [sys.executable, "-c", code, str(arguments.llama_cpp), arguments.pre or "", str(folder),
         "--outfile", str(destination), "--outtype", kind], capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"convert_hf_to_gguf.py: {result.stderr[-2000:]}")


def compare_forward(arguments, folder, scratch):
    failed = False
    for kind in ["f32", "bf16", "f16"]:
        ours, theirs = scratch / f"ours-{kind}.gguf", scratch / f"theirs-{kind}.gguf"
        quern(arguments, "convert", folder, ours, "--type", kind, "--overwrite")
        reference(arguments, folder, theirs, kind)
        (our_reader, our_fields), (their_reader, their_fields) = fields(ours), fields(theirs)
        failed |= report(f"{folder.name} {kind} metadata", same_metadata(our_fields, their_fields))
        failed |= report(f"{folder.name} {kind} tensors", same_tensors(our_reader, their_reader))
    return failed


def logits_and_ids(folder):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = tokenizer(TEXT).input_ids
    with torch.no_grad():
        return ids, model(torch.tensor([ids[:32]])).logits[0].numpy(), tokenizer, model.config


def compare_back(arguments, source, scratch):
    """GGUF -> folder -> GGUF returns the bytes; a folder comes back with the same tokens and logits."""
    first, again, back = scratch / "first.gguf", scratch / "again.gguf", scratch / "back"
    quern(arguments, "convert", source, first, "--type", "bf16", "--overwrite")
    quern(arguments, "convert", first, f"{back}/", "--type", "bf16", "--overwrite", "--max-shard-size", arguments.max_shard_size)
    quern(arguments, "convert", back, again, "--type", "bf16", "--overwrite")
    (first_reader, first_fields), (again_reader, again_fields) = fields(first), fields(again)
    failed = report(f"{source.name} -> folder -> GGUF tensors", same_tensors(again_reader, first_reader, order=False))
    for key in set(first_fields) | set(again_fields):
        if first_fields.get(key) != again_fields.get(key):
            print(f"           {key}: {str(first_fields.get(key))[:80]} became {str(again_fields.get(key))[:80]}")
    ids, logits, tokenizer, config = logits_and_ids(back)
    print(f"           transformers: {type(tokenizer).__name__}, {config.model_type}, {len(ids)} tokens")
    ours = json.loads(quern(arguments, "tokenize", first, TEXT, "--json"))["ids"]
    failed |= report(f"{source.name} tokens of transformers and the GGUF", [] if ids == ours else [f"{ids} for {ours}"])
    if source.is_dir():
        wide = scratch / "wide.gguf"
        exact = scratch / "exact"
        quern(arguments, "convert", source, wide, "--overwrite")
        quern(arguments, "convert", wide, f"{exact}/", "--overwrite")
        ids, logits, tokenizer, _ = logits_and_ids(exact)
        their_ids, their_logits, their_tokenizer, _ = logits_and_ids(source)
        failed |= report(f"{source.name} folder tokens", [] if ids == their_ids else [f"{ids} for {their_ids}"])
        worst = float(abs(logits - their_logits).max()) if logits.shape == their_logits.shape else float("inf")
        failed |= report(f"{source.name} folder logits", [] if worst == 0 else [f"largest difference {worst}"])
        chat = [{"role": "user", "content": "Hi"}]
        rendered = [
            t.apply_chat_template(chat, tokenize=False) if t.chat_template else None
            for t in (tokenizer, their_tokenizer)]
        failed |= report(f"{source.name} folder chat template", [] if rendered[0] == rendered[1] else rendered)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--llama-cpp", type=Path, required=True, help="root of the llama.cpp source")
    parser.add_argument("--pre", help="tokenizer.ggml.pre of every given folder")
    parser.add_argument("--max-shard-size", default="5GB")
    parser.add_argument("--no-back", action="store_true")
    parser.add_argument("sources", nargs="+", type=Path)
    arguments = parser.parse_args()
    failed = False
    for source in arguments.sources:
        with tempfile.TemporaryDirectory() as scratch:
            if source.is_dir():
                failed |= compare_forward(arguments, source, Path(scratch))
            if not arguments.no_back:
                failed |= compare_back(arguments, source, Path(scratch))
    sys.exit(failed)


if __name__ == "__main__":
    main()
