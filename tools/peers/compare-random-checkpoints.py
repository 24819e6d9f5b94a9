#!/usr/bin/env python3
"""Holds conversion against transformers, llama.cpp and its converter by random tiny checkpoints.

    compare-random-checkpoints.py --quern .build/release/quern --llama-cpp ~/llama.cpp --seeds 0-9 [FAMILY...]

Every family of random_checkpoints.py, or those named, for every seed: metadata and tensors as the converter writes
them in F32 and BF16; logits of a long text within 1e-3 of transformers; mean KL to llama.cpp at most 1e-4; the way
back with the same tensors, and logits by transformers. --keep FOLDER leaves the checkpoints of failures there.
Needs gguf, numpy, torch, transformers, tokenizers, safetensors and llama-cpp-python.
"""

import argparse
import contextlib
import io
import logging
import runpy
import shutil
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path

import numpy

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "../../Fixtures/checkpoints")]
# The converter wants its own gguf package, so its path goes before the first import of one.
if "--llama-cpp" in sys.argv:
    root = sys.argv[sys.argv.index("--llama-cpp") + 1]
    sys.path[:0] = [root, f"{root}/gguf-py"]
import llama_peer  # noqa: E402
import random_checkpoints  # noqa: E402

architectures, conversion = map(import_module, ["compare-architectures", "compare-conversion"])
LENGTH = 120
# A GGUF states one end of text, not that scaling counts beyond the context only, nor what it does not need.
FREE = {"eos_token_id", "initializer_range", "n_ctx", "n_inner"}
# Keys of ours, and what the converter leaves out of YaRN: see Specs/checkpoints.md.
OURS = {
    "llama.attention.sliding_window", "starcoder2.attention.sliding_window", "stablelm.rope.freq_base",
    "gpt2.feed_forward_length", "llama.rope.scaling.yarn_attn_factor", "qwen2.rope.scaling.yarn_attn_factor"}
# Of short heads the divisors that a GGUF keeps do not tell these.
LLAMA3 = {"low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}


def load_converter():
    from conversion import gemma
    from conversion.base import TextModel
    TextModel.get_vocab_base_pre = lambda self, tokenizer: (
        "starcoder" if type(self).__name__ == "StarCoder2Model" else "smollm")
    for name in ["GemmaModel", "Gemma2Model"]:
        getattr(gemma, name).set_vocab = TextModel._set_vocab_gpt2


def reference(root, folder, destination, kind):
    """In this process, since loading it takes longer than it."""
    arguments, sys.argv = sys.argv, ["convert", str(folder), "--outfile", str(destination), "--outtype", kind]
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            logging.disable(logging.CRITICAL)
            runpy.run_path(str(root / "convert_hf_to_gguf.py"), run_name="__main__")
    finally:
        sys.argv = arguments


def transformers_logits(folder, ids):
    """Expert by expert: products of many at once want widths of whole vectors."""
    import torch
    from transformers import AutoModelForCausalLM
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", experts_implementation="eager")
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].numpy(), model.config.to_dict()


def check_converter(arguments, folder, scratch):
    for kind in ["f32", "bf16"]:
        ours, theirs = scratch / f"ours-{kind}.gguf", scratch / f"theirs-{kind}.gguf"
        conversion.quern(arguments, "convert", folder, ours, "--type", kind)
        try:
            reference(arguments.llama_cpp, folder, theirs, kind)
        except (Exception, SystemExit) as error:
            yield f"converter {kind}: {type(error).__name__} {str(error)[:200]}"
            continue
        (our_reader, our_fields), (their_reader, their_fields) = conversion.fields(ours), conversion.fields(theirs)
        for fields in [our_fields, their_fields]:
            for key in OURS & fields.keys():
                del fields[key]
        problems = conversion.same_metadata(our_fields, their_fields)
        yield from (f"{kind} {problem}" for problem in problems + conversion.same_tensors(our_reader, their_reader))


def check_logits(arguments, llama, ids, expected, scratch):
    gguf = scratch / "ours-f32.gguf"
    found = architectures.our_logits(arguments, gguf, ids, scratch)
    distance = architectures.farthest(found, expected)
    if not distance <= 1e-3:
        yield f"logits {distance:.1e}"
    if not llama:
        return
    try:
        model = llama_peer.Model(llama, str(gguf))
    except SystemExit:
        print(f"           llama.cpp does not load {gguf.parent.name}")  # Tied mixtures, biases of Qwen3.
        return
    context = model.context(len(ids), 2, "f32")
    context.decode(ids, 0, True)
    theirs = context.logits(len(ids))
    context.close()
    model.close()
    distance, between = architectures.divergence(theirs, found), architectures.divergence(theirs, expected)
    # Where llama.cpp computes another model than transformers, we are with transformers.
    if not distance <= 1e-4 and between <= 1e-4:
        yield f"llama.cpp KL {distance:.1e}, {between:.1e} between it and transformers"


def check_back(arguments, folder, ids, expected, scratch):
    back, exact = scratch / "back", scratch / "exact"
    conversion.quern(arguments, "convert", scratch / "ours-bf16.gguf", f"{back}/", "--type", "bf16")
    conversion.quern(arguments, "convert", scratch / "ours-f32.gguf", f"{exact}/")
    source = architectures.tensors(folder)
    kinds = {str(kind) for kind, _, _ in source.values()}
    for where in [exact, back]:
        found = architectures.tensors(where)
        yield from (f"{where.name} has {name} too much" for name in found.keys() - source.keys())
        yield from (f"{where.name} lacks {name}" for name in source.keys() - found.keys())
        yield from (f"{where.name} {name}: {found[name][1]} for {source[name][1]}"
                    for name in source.keys() & found.keys() if found[name][1] != source[name][1])
        if kinds == {"torch.bfloat16"} and where == back:
            yield from (f"{where.name} {name}: {found[name][0]} or bytes differ"
                        for name in source if found.get(name) != source[name])
    logits, config = transformers_logits(exact, ids)
    distance = architectures.farthest(logits, expected)
    if not distance <= 1e-3:
        yield f"logits of the folder {distance:.1e}"
    _, original = transformers_logits(folder, ids)
    for key, value in original.items():
        if key == "sliding_window" and value and value >= original["max_position_embeddings"]:
            continue  # A window that nothing lies beyond is none.
        if key not in architectures.FREE | FREE and without_type(config.get(key)) != without_type(value):
            yield f"configuration {key}: {config.get(key)} for {value}"


def without_type(value):
    """Of rotary parameters, without the older word for `rope_type`, and what other numbers say as well."""
    if not isinstance(value, dict):
        return value
    if value.get("rope_type") == "dynamic":
        return {"rope_type": "default", "rope_theta": value["rope_theta"]}
    free = {"type"} | (LLAMA3 if value.get("rope_type") == "llama3" else set())
    return {key: rounded(value[key]) for key in value if key not in free}


def rounded(value):
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(numpy.float32(value)) if isinstance(value, float) else value


def check(arguments, llama, folder, scratch):
    ids = [(index * index * 7 + index * 31 + 5) % 256 for index in range(LENGTH)]
    expected, _ = transformers_logits(folder, ids)
    yield from check_converter(arguments, folder, scratch)
    yield from check_logits(arguments, llama, ids, expected, scratch)
    yield from check_back(arguments, folder, ids, expected, scratch)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--llama-cpp", type=Path, required=True, help="root of the llama.cpp source")
    parser.add_argument("--seeds", default="0-4", help="FIRST-LAST")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--no-llama", action="store_true")
    parser.add_argument("families", nargs="*")
    llama_peer.add_arguments(parser)
    arguments = parser.parse_args()
    import torch
    import transformers
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    llama = None if arguments.no_llama else llama_peer.load(arguments)
    load_converter()
    from make import smollm_tokenizer
    tokenizer = smollm_tokenizer(300, architectures.sibling("../../Fixtures/checkpoints/architectures").SPECIAL)
    first, last = map(int, arguments.seeds.split("-"))
    failed = False
    for family in arguments.families or random_checkpoints.FAMILIES:
        for seed in range(first, last + 1):
            with tempfile.TemporaryDirectory() as scratch:
                # At the name of Phi-3 llama.cpp expects that model's tokens.
                folder = Path(scratch) / f"tiny-{family.rstrip('3')}-{seed}".lower()
                folder.mkdir()
                about = random_checkpoints.make(folder, family, seed, tokenizer)
                try:
                    problems = list(check(arguments, llama, folder, Path(scratch)))
                except (Exception, SystemExit) as error:
                    problems = [f"{type(error).__name__} {str(error)[-400:]}"]
                failed |= conversion.report(f"{family} {seed}: {about}", problems)
                sys.stdout.flush()
                if problems and arguments.keep:
                    shutil.copytree(folder, arguments.keep / folder.name, dirs_exist_ok=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
