"""What llama.cpp's samplers leave of random logits, stage by stage, as JSON.

    python3 make.py MODEL.gguf > golden.json

MODEL gives the vocabulary for DRY's sequence breakers; its weights are not read. For the fixture it is
Fixtures/checkpoints/tiny-llama, converted by quern.
"""

import argparse
import ctypes
import json
import os
import random
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../tools/peers"))
import llama_peer

SPOTS = 12


def logits(seed, count, scale):
    """The numbers that the tests make as well: SplitMix64, cubed to have a peak, in single precision."""
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(seed) + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(
            0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z ^= z >> numpy.uint64(31)
    one = numpy.float32(1)
    unit = (z >> numpy.uint64(40)).astype(numpy.float32) * numpy.float32(2**-23) - one
    return unit * unit * unit * numpy.float32(scale)


class Chain:
    """llama.cpp's samplers for a case, in the order of its default chain."""

    def __init__(self, llama, vocabulary, case):
        self.llama = llama
        value = case["parameters"].get
        self.samplers = []
        count = case["vocabulary"]
        if value("logit-bias"):
            biases = (llama.llama_logit_bias * len(value("logit-bias")))()
            for place, (token, bias) in zip(biases, value("logit-bias")):
                place.token, place.bias = token, -numpy.inf if bias is None else bias
            self.add("logit-bias", llama.llama_sampler_init_logit_bias(count, len(biases), biases))
        if "mirostat-ent" not in case["parameters"]:
            if {"repeat-penalty", "presence-penalty", "frequency-penalty"} & set(case["parameters"]):
                self.add("penalties", llama.llama_sampler_init_penalties(
                    count, value("repeat-last-n", 64), value("repeat-penalty", 1),
                    value("frequency-penalty", 0), value("presence-penalty", 0)))
            if value("dry-multiplier"):
                breakers = [text.encode() for text in value("dry-sequence-breaker")]
                self.add("dry", llama.llama_sampler_init_dry(
                    vocabulary, value("dry-multiplier"), value("dry-base", 1.75),
                    value("dry-allowed-length", 2), value("dry-penalty-last-n", 64),
                    (ctypes.c_char_p * len(breakers))(*breakers), len(breakers)))
            for name, make in [
                    ("top-k", llama.llama_sampler_init_top_k),
                    ("typical-p", lambda p: llama.llama_sampler_init_typical(p, 0)),
                    ("top-p", lambda p: llama.llama_sampler_init_top_p(p, 0)),
                    ("min-p", lambda p: llama.llama_sampler_init_min_p(p, 0))]:
                if name in case["parameters"]:
                    self.add(name.replace("typical-p", "typical"), make(value(name)))
        if "temperature" in case["parameters"]:
            self.add("temp", llama.llama_sampler_init_temp(value("temperature")))
        if "mirostat-ent" in case["parameters"]:
            self.add("mirostat-v2", llama.llama_sampler_init_mirostat_v2(
                1, value("mirostat-ent"), value("mirostat-lr")))

    def add(self, name, sampler):
        self.samplers.append((name, sampler))

    def accept(self, token):
        for _, sampler in self.samplers:
            self.llama.llama_sampler_accept(sampler, token)

    def step(self, case, seed):
        """What is left after each stage, and a token to go on with."""
        llama = self.llama
        count = case["vocabulary"]
        data = (llama.llama_token_data * count)()
        values = logits(seed, count, case["scale"])
        for token in case["forbidden"]:
            values[token] = -numpy.inf
        for token, value in enumerate(values):
            data[token].id, data[token].logit = token, value
        array = llama.llama_token_data_array(data=data, size=count, selected=-1, sorted=False)
        stages = []
        for name, sampler in self.samplers:
            llama.llama_sampler_apply(sampler, ctypes.byref(array))
            left = [(array.data[i].id, array.data[i].logit) for i in range(array.size)]
            stages.append({"stage": name, **snapshot(left)})
        ids = stages[-1]["ids"]
        chosen = array.data[array.selected].id if array.selected >= 0 else ids[len(ids) // 2]
        self.accept(chosen)
        return {"seed": seed, "stages": stages, "chosen": chosen}


def snapshot(candidates):
    """How many are possible, a sum over all their ids, and some of them with their probabilities."""
    candidates = sorted((-logit, token) for token, logit in candidates if logit > -numpy.inf)
    values = numpy.array([-logit for logit, _ in candidates], dtype=numpy.float64)
    assert len(values) and not numpy.isnan(values).any(), "llama.cpp's arithmetic fails here"
    weights = numpy.exp(values - values.max())
    probabilities = weights / weights.sum()
    count = min(SPOTS, len(values))
    spots = [index * (len(values) - 1) // max(1, count - 1) for index in range(count)]
    return {
        "count": len(values),
        "id_sum": sum(token * token for _, token in candidates) % 2**32,
        "ids": [candidates[spot][1] for spot in spots],
        "probabilities": [float(f"{probabilities[spot]:.9g}") for spot in spots],
    }


def parameter_sets(rng, count, history):
    """Each stage alone, then several at once."""
    def one(low, high):
        return round(rng.uniform(low, high), 3)

    token = lambda: rng.randrange(count)
    recent = lambda: rng.choice(history)
    dry = {"dry-multiplier": 0.8, "dry-sequence-breaker": []}
    yield {"logit-bias": [[token(), one(-5, 5)], [token(), one(-5, 5)]]}
    yield {"repeat-penalty": one(1.05, 2)}
    yield {"presence-penalty": one(-2, 2), "repeat-last-n": 10}
    yield {"frequency-penalty": one(-2, 2), "repeat-last-n": 3}
    yield {"repeat-penalty": 0.8, "presence-penalty": 0.3, "frequency-penalty": 0.2,
           "repeat-last-n": 200}
    yield dry
    yield {**dry, "dry-base": one(1, 3), "dry-allowed-length": rng.randrange(4)}
    yield {**dry, "dry-penalty-last-n": rng.randrange(1, 30), "dry-allowed-length": 1}
    yield {**dry, "dry-sequence-breaker": ["\n", ":", "\"", "*"]}
    yield {**dry, "dry-sequence-breaker": ["e", "st", " the "], "dry-allowed-length": 1}
    yield {"top-k": 1}
    yield {"top-k": rng.randrange(2, 60)}
    yield {"top-k": count}
    yield {"top-k": count + 7}
    for _ in range(2):
        yield {"typical-p": one(0.05, 0.99)}
        yield {"top-p": one(0.05, 0.99)}
        yield {"min-p": one(0.001, 0.5)}
        yield {"temperature": one(0.1, 2)}
    yield {"temperature": 0}
    yield {"min-p": 1}
    yield {"mirostat-ent": one(1, 6), "mirostat-lr": one(0.05, 0.5)}
    yield {"mirostat-ent": 0.2, "mirostat-lr": 0.9, "temperature": 0.7,
           "logit-bias": [[token(), None if count > 3 else -1]]}
    for _ in range(4):
        yield {
            "logit-bias": [[token(), one(-5, 5)], [recent(), one(0, 5)]],
            "repeat-penalty": one(1, 1.5), "presence-penalty": one(0, 1),
            "frequency-penalty": one(0, 1), **dry, "dry-sequence-breaker": [":"],
            "top-k": rng.randrange(2, max(3, count)), "typical-p": one(0.3, 0.99),
            "top-p": one(0.3, 0.99), "min-p": one(0.001, 0.2), "temperature": one(0.2, 1.5)}


def make_cases(rng, vocabulary_count, counts):
    for count in counts:
        # Few different tokens, so that stretches repeat.
        few = [rng.randrange(min(count, vocabulary_count)) for _ in range(5)]
        history = [rng.choice(few) for _ in range(80)]
        for parameters in parameter_sets(rng, count, history):
            equal = rng.random() < 0.1
            # llama.cpp's typical sampling multiplies 0 by infinity when a token is impossible.
            forbids = count > 2 and "typical-p" not in parameters and rng.random() < 0.3
            yield {
                "vocabulary": count, "scale": 0 if equal else rng.choice([2, 8, 20]),
                "forbidden": [1, count - 1] if forbids else [],
                "history": history, "parameters": parameters}


def has_ties(case, seed):
    values = logits(seed, case["vocabulary"], case["scale"])
    return len(numpy.unique(values)) < len(values)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--seed", type=int, default=1)
    # Numbers of 24 bits collide in longer vocabularies, and llama.cpp leaves equal ones to chance.
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2, 40, 1500])
    llama_peer.add_arguments(parser)
    arguments = parser.parse_args()
    llama = llama_peer.load(arguments)
    parameters = llama.llama_model_default_params()
    parameters.vocab_only = True
    model = llama.llama_model_load_from_file(os.fsencode(arguments.model), parameters)
    if not model:
        raise SystemExit(f"llama.cpp cannot load {arguments.model}")
    vocabulary = llama.llama_model_get_vocab(model)
    rng = random.Random(arguments.seed)
    cases = []
    for case in make_cases(rng, llama.llama_vocab_n_tokens(vocabulary), arguments.counts):
        chain = Chain(llama, vocabulary, case)
        steps = 5 if "mirostat-ent" in case["parameters"] else 2
        for token in case["history"]:
            chain.accept(token)
        case["steps"] = []
        for _ in range(steps):
            seed = rng.randrange(2**48)
            while case["scale"] and has_ties(case, seed):
                seed += 1
            case["steps"].append(chain.step(case, seed))
        cases.append(case)
    print("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]")


main()
