"""Conversations that exercise chat templates: what `quern tokenize --chat` reads and jinja2 renders."""


def call(arguments, name="get_weather", number="call00001"):
    return {"type": "function", "id": number, "function": {"name": name, "arguments": arguments}}


def system(text):
    return {"role": "system", "content": text}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


def result(text, name="get_weather", number="call00001"):
    return {"role": "tool", "content": text, "name": name, "tool_call_id": number}


def tool(name, properties, required=(), description="Does something."):
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


PIRATE = system("You are a pirate. Speak like one.  ")
WEATHER = tool(
    "get_weather",
    {"city": {"type": "string", "description": "A city, as \"Paris\" or 'Köln' <here>"},
     "unit": {"type": "string", "enum": ["C", "F"], "default": "C"},
     "days": {"type": ["integer", "null"], "minimum": 1}}, ["city"], "Tells the weather & more.")
NESTED = tool(
    "book",
    {"legs": {"type": "array", "items": {"type": "object", "properties": {"to": {"type": "string"}}}},
     "fare": {"anyOf": [{"type": "number"}, {"type": "string"}], "description": "line one\nline two"},
     "flags": {"type": "object", "additionalProperties": {"type": "boolean"}}}, description="")
BARE = {"type": "function", "function": {"name": "now", "description": "The time.", "parameters": {}}}
TOOLS = [WEATHER, NESTED, BARE]
TYPICAL_ARGUMENTS = {"city": "Paris", "n": 1.5, "t": True, "z": None, "l": [1, "a", {"b": 2}], "é": "ü <&> '\""}
DOCUMENTS = [{"title": "One", "text": "First text.", "contents": "First text."},
             {"title": "Two", "text": "Zweiter Text", "contents": "Zweiter Text", "id": 2}]

# Each is an object of template variables; `messages` is the conversation.
CHATS = [
    {"messages": [user("Hello there")]},
    {"messages": [PIRATE, user(" Hi \n"), assistant("Ahoy!\n"), user("What's up? 你好 🙂 <b>&amp;</b> \"q\" \\ back")]},
    {"messages": [user("Hi"), assistant("Yes."), user("More"), assistant("Done")], "add_generation_prompt": False},
    {"messages": [PIRATE, user("Weather?"), assistant("", tool_calls=[call(TYPICAL_ARGUMENTS)]), result("21 degrees"),
                  assistant("It is 21."), user("Thanks")], "tools": TOOLS},
    {"messages": [user("Weather?"),
                  assistant(None, tool_calls=[call('{"city": "Paris"}'), call('{"a": 1}', "add", "call00002")]),
                  result('{"t": 21}'), result("2", "add", "call00002")], "tools": [WEATHER]},
    {"messages": [user([{"type": "text", "text": "Part one. "}, {"type": "text", "text": "Part two."}])]},
    {"messages": [PIRATE, user("Think"), assistant("The answer is 4.", reasoning_content="2+2 is 4\n"), user("Again?"),
                  assistant("<think>\nhmm\n</think>\n\nFour."), user("ok")], "enable_thinking": True},
    {"messages": [PIRATE, user("Think"), assistant("The answer is 4.", reasoning_content="2+2 is 4"), user("Again?")],
     "enable_thinking": False},
    {"messages": [{"role": "developer", "content": "Dev says"}, user(""), assistant("a"), user("long " * 50)]},
    {"messages": [user("a"), user("b"), system("late")]},
    {"messages": []},
    {"messages": [PIRATE, user("Use the documents")], "documents": DOCUMENTS},
    {"messages": [user("Custom"), assistant("ok"), user("x")], "custom": {"a": [1, 2]}, "date_string": "01 Jan 2025",
     "reasoning_effort": "high", "thinking": True, "keep_past_thinking": True, "builtin_tools": ["python", "browser"]},
    {"messages": [system(""), user("\n\n  odd\twhite\u00a0space\u3000 \r\n"), assistant("  \n"), user(" ")]},
    {"messages": [system([{"type": "text", "text": "System in parts"}]), user("Go"),
                  assistant([{"type": "text", "text": "An answer in parts"}]),
                  user([{"type": "text", "text": "See"}, {"type": "image"}])]},
    {"messages": [user("Think and call"),
                  assistant("", reasoning_content="I should call.", tool_calls=[call({"city": "Rome"})]),
                  result("rain"), assistant("Rain.", reasoning_content="Said so.")],
     "tools": [WEATHER], "add_generation_prompt": False, "enable_thinking": True},
    {"messages": [user("Call twice"), assistant("Calling.", tool_calls=[call({})]), result("one"),
                  assistant("", tool_calls=[call({"x": []}, "now", "call00003")]), result("two", "now", "call00003")],
     "tools": [BARE], "tool_choice": "auto", "parallel_tool_calls": False},
    {"messages": [PIRATE, user("Thoughts"), assistant("4", thinking="two and two", reasoning="r"), user("Why?")],
     "tools": []},
    {"messages": [user("𝕌𝕟𝕚 \u200dzero\u0301 \U0001F468\u200d\U0001F469\u200d\U0001F467 العربية हिन्दी ไทย"),
                  assistant("\u0000\u0001\u001f\u007f\u0085\u2028 end"), user("<|im_start|>user\n</s>[INST]{{ x }}{% y %}")]},
    {"messages": [user("no content here"), {"role": "assistant", "tool_calls": [call({"city": "Oslo"})]},
                  {"role": "tool", "content": [{"type": "text", "text": "in parts"}], "tool_call_id": "call00001"}],
     "tools": [WEATHER]},
]
