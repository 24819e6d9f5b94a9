"""Makes the tokenizer and template fixtures. Needs tokenizers 0.23, transformers 5 (for its jinja2 set-up) and gguf.

    make.py SMOLLM2.gguf QWEN2.5-CODER.gguf

The two files give their chat templates only.
"""

import json
import pathlib
import random
import sys

import gguf
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from tokenizers import Regex
from transformers.utils.chat_template_utils import _compile_jinja_template

from snippets import SNIPPETS, VARIABLES

HERE = pathlib.Path(__file__).parent

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace("{1,3}", "")

# Text of our own to learn merges from.
CORPUS = """
The miller grinds the grain between two stones, and the flour falls into the sack below. It's slow work, but he'd
rather do it well than quickly; they've all said so, and I'm sure we'll agree. You're welcome to try it yourself.
A checkpoint holds tensors: names, shapes, types and bytes. The weights of a layer are multiplied with activations.
func grind(_ grain: [Float], into sack: inout [UInt8]) throws -> Int { for index in 0..<grain.count { sack.append(1) } }
def main(arguments):\n    if len(arguments) > 1:\n        print("hello, world")\n    return 0\n
<div class="mill"><a href="https://example.org/?q=1&r=2">mill</a></div> {"key": [1, 2, 3], "other": null}
Die Mühle mahlt das Korn zwischen zwei Steinen; größer, schöner, älter. Le moulin écrase le blé, où l'été s'achève.
Мельница перемалывает зерно между двумя камнями, и мука падает в мешок. Η μύλος αλέθει το σιτάρι.
磨坊主在两块石头之间磨谷物，面粉落入下面的袋子里。这是一项缓慢的工作。粉挽きは二つの石の間で穀物を挽きます。
제분업자는 두 돌 사이에서 곡물을 갑니다. המילר טוחן את התבואה. الطحان يطحن الحبوب. चक्की अनाज पीसती है।
1 22 333 4444 55555 3.14159 1,000,000 2026-11-23 0xFF 1e-5 🙂 🌾 👩‍🌾 🇨🇭 ½ ² Ⅷ ١٢٣
"""


def texts():
    random.seed(3)
    cases = ["", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", " \n ", "a", " a", "a ", "  a  b   c    d"]
    cases += [line for line in CORPUS.split("\n") if line]
    cases += [
        "Hello, World! It's 2026; THEY'RE here, I'LL see 'TIS 'sup don't DON'T 'ſ",
        "x=1\n\tif (y)  {\r\n\t\treturn 12345678;\n\t}\n\n\n\nend   \n   \n",
        "a\u00a0b\u3000c\u2028d\u0085e\u200bf\ufeffg\u0000h",
        "e\u0301 é a\u030a\u0323 ﬁ Å \u1100\u1161\u11a8 \uac00\u11a8 が か\u3099 ö̲",
        "🙂🙃👨‍👩‍👧‍👦🏳️‍🌈👍🏽 ☃︎ ©®™ 𝔘𝔫𝔦 𐍈 𠀀",
        "<|im_start|>user\nhi<|im_end|>\n<|im_start|> <|im_end|><|endoftext|>",
        "<|im_start|", "|im_end|>", "before <|tool|> after", "x<mask>y  <mask>  z", "subword word word, wordy",
        "1234567890 12 345 6,789.01 ٣٤٥ ⅓ ①②",
        "'s's 't'T 're're'RE ''s", "_under_score__ --dashes-- ...dots... !!! ?!", "http://a.b/c?d=e&f=g#h",
        "\u0301\u0301abc\u0301", "ÀÉÎõü ßẞ ıİ ǅ ǆ", "a" * 100, " " * 70 + "x", "ab" * 60, "\n" * 30 + " y",
    ]
    pool = [chr(c) for c in range(1, 0x2FF)] + [chr(c) for c in range(0x370, 0x600)]
    pool += list("的一是了我 \n\t  '\"0123456789abcdefstSTlLrReEvVmMdD") * 12
    for _ in range(40):
        cases.append("".join(random.choice(pool) for _ in range(60)))
    return cases


def train(pre_tokenizer, normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS.split("\n") * 2, trainer)
    return tokenizer


def vocabularies():
    def split(pattern):
        return pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), "isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])

    smollm = train(pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]))
    yield "smollm", smollm
    yield "qwen2", train(split(QWEN2), normalizers.NFC())
    gpt2 = train(pre_tokenizers.ByteLevel(add_prefix_space=True))
    # Every way an added token can be found.
    gpt2.add_tokens([
        AddedToken("<|tool|>", normalized=False), AddedToken("<mask>", lstrip=True, rstrip=True, normalized=False),
        AddedToken("word", single_word=True, normalized=True)])
    yield "gpt2", gpt2
    llama = train(split(LLAMA3))
    llama.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(
            single="<|im_start|> $A <|im_end|>", special_tokens=[("<|im_start|>", 1), ("<|im_end|>", 2)])])
    data = json.loads(llama.to_str())
    data["model"]["ignore_merges"] = True
    data["model"]["merges"] = [" ".join(pair) for pair in data["model"]["merges"]]  # The older spelling.
    # A word that no merge makes, found only because merges are ignored.
    data["model"]["vocab"]["Ġmultiplied"] = len(data["model"]["vocab"])
    yield "llama3", Tokenizer.from_str(json.dumps(data)), json.dumps(data)


def write(name, value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    (HERE / name).write_text(text + "\n", encoding="utf-8", newline="")


def make_vocabularies():
    cases = texts()
    golden = {"texts": cases, "vocabularies": []}
    for name, tokenizer, *source in vocabularies():
        write(f"{name}.json", json.loads(source[0] if source else tokenizer.to_str()))
        rows = []
        for text in cases:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            framed = tokenizer.encode(text, add_special_tokens=True).ids
            rows.append([ids, framed, tokenizer.decode(ids, skip_special_tokens=True)])
        golden["vocabularies"].append({"name": name, "rows": rows})
    write("golden.json", golden)


TOOLS = [{"type": "function", "function": {
    "name": "weather", "description": "The weather \"now\" in a <city>",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


def conversations():
    call = {"type": "function", "function": {"name": "weather", "arguments": {"city": "Paris", "days": 1.5}}}
    yield {"messages": [{"role": "user", "content": "Hello 🙂"}], "prompt": True}
    yield {"messages": [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": " Hi\n"},
        {"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "\"quoted\" \\ <b>"}], "prompt": True}
    yield {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "prompt": False}
    yield {"messages": [
        {"role": "user", "content": "Weather?"}, {"role": "assistant", "content": "", "tool_calls": [call, call]},
        {"role": "tool", "content": "21"}, {"role": "tool", "content": "22"}], "prompt": True, "tools": TOOLS}


def make_templates(paths):
    def render(source, variables):
        try:
            return _compile_jinja_template(source).render(documents=None, **variables)
        except Exception:
            return None

    snippets = []
    for source in SNIPPETS:
        expected = render(source, {"messages": [], "add_generation_prompt": False, "tools": None, **VARIABLES})
        snippets.append({"template": source, "expected": expected})
    chats = []
    for path in paths:
        source = gguf.GGUFReader(path).fields["tokenizer.chat_template"].contents()
        for chat in conversations():
            expected = render(source, {
                "messages": chat["messages"], "add_generation_prompt": chat["prompt"], "tools": chat.get("tools")})
            chats.append({"template": source, "expected": expected, **chat})
    write("templates.json", {"variables": VARIABLES, "snippets": snippets, "chats": chats})


make_vocabularies()
make_templates(sys.argv[1:])
