#!/usr/bin/env python3
"""Compares the type that quern gives every tensor with the one that llama.cpp's quantizer gives it.

    pip install gguf
    tools/peers/compare-recipes.py QUERN LLAMA_QUANTIZE [MODEL...] [--types Q4_K_M,IQ2_S] [--write]

Models are outlines in Fixtures/recipes, by default all. Each becomes a sparse file of zeros, and both programs plan
it: every type with and without an importance matrix, and some types with the options that overrule them. Exits 1
when a tensor differs. --write keeps what llama.cpp says as MODEL.types, for models that its own tests do not have.
--llama-libraries has llama.cpp load each outline as a model first, which checks every name and shape; see
llama_peer.py.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import llama_peer
from model_outlines import Outline, write_unrelated_importance

FIXTURES = pathlib.Path(__file__).parents[2] / "Fixtures" / "recipes"
TYPES = """F32 F16 Q4_0 Q4_1 Q8_0 Q5_0 Q5_1 Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K IQ2_XXS IQ2_XS
    Q2_K_S IQ3_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ3_M IQ2_S IQ2_M IQ4_XS IQ1_M BF16 TQ1_0 TQ2_0 MXFP4_MOE Q1_0 Q2_0""".split()
NAMES = ["q4_k", "Q3_k", "q5_K", "15", "7", "0", "38", "copy"]

# What llama.cpp calls an option, where quern calls it otherwise.
OPTIONS = {"--output-type": "--output-tensor-type", "--embedding-type": "--token-embedding-type"}
OVERRULED = [line.split() for line in r"""
    --pure
    --output-type q8_0
    --embedding-type q5_1
    --output-type bf16 --embedding-type q4_0 --pure
    --tensor-type attn_v=q8_0
    --tensor-type ATTN_V=Q8_0
    --tensor-type ffn=q6_k --tensor-type ffn_down=q8_0
    --tensor-type ffn_down=q8_0 --tensor-type ffn=q6_k
    --tensor-type ^ffn=q8_0 --tensor-type attn_q$=q8_0 --tensor-type blk.\d*[02468]\.attn_(k|q)\.weight$=iq4_nl
    --tensor-type \bblk\.(0|1|2)\..*=f16 --tensor-type attn_(?!output)[a-z]+=q5_0
    --tensor-type \battn_v\b=q8_0 --tensor-type [od]\w+\b\.\wei.*t$=q5_1 --tensor-type (.)\1=q5_0
    --tensor-type norm=q8_0 --tensor-type bias=q8_0 --tensor-type gate_inp=q8_0 --tensor-type ssm_conv1d=f16
    --tensor-type weight=q4_k --tensor-type output=q8_0
    --tensor-type weight=q5_0 --pure
    --tensor-type output=q4_1 --output-type q5_1
    --tensor-type embd=q4_1 --output-type q5_1
    --tensor-type embd=q4_1 --embedding-type q5_1
    --tensor-type per_layer=q4_1 --embedding-type q5_1 --output-type q8_0
    --tensor-type .=mxfp4
    --tensor-type (exps|shexp)=iq3_xxs --tensor-type attn=tq1_0
""".strip().splitlines()]
BESIDE = ["Q4_K_M", "IQ2_S", "Q3_K_L", "MXFP4_MOE", "F16"]


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace")


def theirs(quantizer, source, kind, options):
    """Types by tensor, or why llama.cpp gives none."""
    options = [OPTIONS.get(word, word) for word in options]
    done = run(quantizer, "--dry-run", *options, source, kind)
    text = done.stdout + done.stderr
    if done.returncode != 0:
        return re.search(r"failed to quantize: (.*)", text)[1]
    found = re.findall(r"^\[ *\d+/ *\d+\] (\S+) +- \[.*?\], type = *(\w+), size =(?:.*\((\w+)\)$)?", text, re.M)
    return {name: (new or old).upper() for name, old, new in found}


def ours(quern, source, kind, options):
    done = run(quern, "quantize", source, source.with_suffix(".out.gguf"), "--type", kind, "--dry-run", "--json", *options)
    if done.returncode != 0:
        return done.stderr.strip().splitlines()[0]
    return {tensor["name"]: tensor["type"].upper() for tensor in json.loads(done.stdout)["tensors"]}


def differences(mine, other):
    if isinstance(mine, str) or isinstance(other, str):
        return [f"ours {str(mine)[:100]}, theirs {str(other)[:100]}"]
    return [
        f"{name}: ours {mine.get(name)}, theirs {other.get(name)}"
        for name in sorted(mine.keys() | other.keys())
        if mine.get(name) != other.get(name)
    ]


def cases(types, importance):
    """Types and options to plan with."""
    for kind in types:
        yield kind, []
        yield kind, ["--imatrix", str(importance)]
    for kind in BESIDE:
        for options in OVERRULED:
            yield kind, options
    for name in NAMES:
        yield name, []


def expectation(types, base, matrices):
    """The matrices that do not have the recipe's base type, with their layers in braces."""
    groups = {}
    for name in matrices:
        if types[name] != base:
            match = re.fullmatch(r"blk\.(\d+)\.(.*)", name)
            key = (f"blk.{{}}.{match[2]}" if match else name, types[name])
            groups.setdefault(key, []).append(int(match[1]) if match else -1)
    return [f"{name.replace('{}', '{' + ranges(layers) + '}')} {kind}" for (name, kind), layers in sorted(groups.items())]


def ranges(numbers):
    parts = []
    for number in sorted(numbers):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in parts)


def write_expectations(path, outline, found):
    """Every recipe; with an importance matrix only where that changes something."""
    bases = dict(re.findall(r"^\[(\w+)\] (\w+)$", (FIXTURES / "qwen3-0.6b.schema").read_text(), re.M))
    lines = []
    for kind in [kind for kind in TYPES if (kind, False) in found]:
        base = bases.get(kind, kind)
        plain, weighted = (expectation(found[kind, bool(flag)], base.upper(), outline.matrices()) for flag in (0, 1))
        lines += [f"[{kind}] {base}", *plain, ""]
        if weighted != plain:
            lines += [f"[{kind} imatrix] {base}", *weighted, ""]
    path.write_text("\n".join(lines))


def check(model, options, folder):
    """Compares one model in all cases; returns the number of differences."""
    outline = Outline(model)
    source, importance = folder / "model.gguf", folder / "importance.gguf"
    outline.write(source)
    write_unrelated_importance(importance)
    if options.llama_libraries and model.stem != "odd-names":
        llama_peer.check_shapes(llama_peer.load(options), outline, folder / "loaded.gguf")
    count, total, refused, found = 0, 0, 0, {}
    for kind, flags in cases(options.types.split(","), importance):
        other = theirs(options.quantizer, source, kind, flags)
        total += 1
        if isinstance(other, str) and "no tensor type fallback" in other:
            refused += 1  # quern gives half precision
            continue
        if flags[:1] in ([], ["--imatrix"]):
            found[kind, bool(flags)] = other
        different = differences(ours(options.quern, source, kind, flags), other)
        count += len(different)
        for line in different[:10]:
            print(f"  {kind} {' '.join(flags)}: {line}", flush=True)
    print(
        f"{model.stem}: {len(outline.tensors)} tensors in {total} cases, of which llama.cpp refuses {refused}: "
        f"{count} differences", flush=True)
    if options.write and count == 0 and not model.with_suffix(".schema").exists():
        write_expectations(model.with_suffix(".types"), outline, found)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quern", type=pathlib.Path)
    parser.add_argument("quantizer", help="llama.cpp's llama-quantize")
    parser.add_argument("model", nargs="*", type=pathlib.Path)
    parser.add_argument("--types", default=",".join(TYPES), help="comma-separated")
    parser.add_argument("--write", action="store_true", help="keep what llama.cpp says")
    llama_peer.add_arguments(parser)
    options = parser.parse_args()
    count = 0
    for model in options.model or sorted(FIXTURES.glob("*.model")):
        with tempfile.TemporaryDirectory(prefix="quern-recipes-") as folder:
            count += check(model, options, pathlib.Path(folder))
    print(f"{count} differences")
    sys.exit(count > 0)


main()
