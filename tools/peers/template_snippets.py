"""Random snippets of templates: every construct of the language over values of every kind."""

VARIABLES = {
    "s": "Hello, World", "e": "", "w": "  two\n words \t", "u": "Straße ΑΣ ﬁ é 你好 🙂 İ", "h": "<b>&\"'</b>", "q": "it's",
    "n": 5, "z": 0, "m": -3, "f": 2.5, "g": -0.125, "big": 1e20, "t": True, "no": False, "none_": None,
    "l": [3, 1, 2], "ls": ["b", "a", "C", "a"], "le": [], "mix": [1, "a", None, [2, {"k": "v"}], 1.5, True],
    "d": {"b": 1, "a": [1, 2], "items": "own", "x y": None}, "de": {}, "dn": {"one": {"two": {"three": 3}}},
    "msgs": [{"role": "system", "content": "S"}, {"role": "user", "content": "U & u"},
             {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
             {"role": "tool", "content": [{"type": "text", "text": "T"}]}],
    "num": "42", "digits": "007", "sent": "the quick-brown (fox) jumps", "csv": "a,b,,c",
}
TEXTS = ["s", "e", "w", "u", "h", "q", "num", "digits", "sent", "csv"]
NUMBERS = ["n", "z", "m", "f", "g", "t"]
LISTS = ["l", "ls", "le", "mix", "msgs"]
DICTS = ["d", "de", "dn", "msgs[0]", "msgs[2]"]
LITERALS = ["1", "0", "-2", "1.5", "'a'", "'l'", "''", '"o W"', "true", "false", "none", "[1, 2]", "[]", "(1, 2)", "()",
            "{'k': 1}", "{}", "'%s'", "1e3", "10", "'x' 'y'", "(3,)"]

FILTERS = {
    "abs": [], "batch": ["2", "2, 'x'", "linecount=3"], "capitalize": [], "center": ["", "20", "width=7"], "count": [],
    "d": ["'dflt'", "'x', true", ""], "default": ["1", "default_value=2, boolean=true", "'', true"],
    "dictsort": ["", "true", "by='value'", "reverse=true", "false, 'value', true"], "e": [], "escape": [],
    "filesizeformat": ["", "true"], "first": [], "float": ["", "1.5", "default=none"], "forceescape": [],
    "format": ["1", "'a'", "1, 2", "a=1"], "groupby": ["'role'", "'b'", "attribute='role', default='zz'"],
    "indent": ["", "2", "2, true", "2, true, true", "width='>> '", "first=true"], "int": ["", "7", "0, 16", "base=8"],
    "items": [], "join": ["", "', '", "d='-'", "', ', attribute='role'", "'|', 'role'"], "last": [], "length": [],
    "list": [], "lower": [], "map": ["'upper'", "attribute='role'", "'default', 'x'", "attribute='nope', default='d'",
                                     "'int'", "'string'", "'length'", "'join', '-'", "'tojson'", ""],
    "max": ["", "attribute='role'", "true"], "min": ["", "case_sensitive=true", "attribute='role'"],
    "reject": ["", "'equalto', 1", "'none'", "'in', [1, 'a']", "'string'"],
    "rejectattr": ["'role'", "'role', 'equalto', 'user'", "'content', 'none'", "'tool_calls', 'defined'"],
    "replace": ["'l', 'L'", "'', '-'", "'a', 'b', 1", "'l', '', count=1", "old='o', new='0'", "' ', '\\n'"], "reverse": [],
    "round": ["", "1", "0, 'floor'", "method='ceil'", "-1", "2, 'common'"], "safe": [],
    "select": ["", "'string'", "'greaterthan', 1", "'ne', 'a'", "'odd'"],
    "selectattr": ["'role'", "'role', 'eq', 'user'", "'content', 'string'", "'tool_calls', 'defined'", "'role', 'in', ['tool']"],
    "slice": ["2", "3, 'z'"], "sort": ["", "true", "reverse=true", "case_sensitive=true", "attribute='role'",
                                       "attribute='role,content'"],
    "string": [], "striptags": [], "sum": ["", "start=10", "attribute='nope'"], "title": [],
    "tojson": ["", "indent=2", "indent=4, ensure_ascii=true", "sort_keys=true", "separators=(',', ':')", "true"],
    "trim": ["", "'H'", "chars=' \\n'"], "truncate": ["", "5", "7, true", "5, true, '', 0", "length=9, end='..'"],
    "unique": ["", "true", "attribute='role'"], "upper": [], "urlencode": [], "wordcount": [], "xmlattr": ["", "false"],
    "attr": ["'role'", "'upper'", "'b'"],
}
TESTS = ["defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number", "string", "mapping",
         "iterable", "sequence", "callable", "lower", "upper", "odd", "even", "divisibleby(2)", "divisibleby 3", "escaped",
         "eq 1", "eq(none)", "equalto 'a'", "ne 5", "lt 3", "gt(2)", "ge 1", "le 'b'", "in [1, 2]", "in 'abc'", "in(d)",
         "sameas true", "sameas none", "filter", "test", "not defined", "not none", "not in l", "not string"]
METHODS = {
    "text": ["upper()", "lower()", "title()", "capitalize()", "swapcase()", "casefold()", "strip()", "lstrip()", "rstrip()",
             "strip('H d')", "split()", "split(',')", "split(' ', 1)", "rsplit(' ', 1)", "rsplit(None, 1)", "split('')",
             "splitlines()", "splitlines(true)", "startswith('H')", "startswith(('x', 'H'))", "endswith('d')", "find('l')",
             "find('l', 4)", "find('l', 3, -1)", "rfind('l')", "index('o')", "rindex('o')", "index('zz')", "count('l')",
             "count('')", "count('l', 5)", "replace('l', 'L')", "replace('l', 'L', 1)", "replace('', '-')", "join(['a', 'b'])",
             "join(ls)", "join(l)", "join('xyz')", "partition(' ')", "rpartition('l')", "removeprefix('He')",
             "removesuffix('ld')", "ljust(15)", "rjust(15, '*')", "center(15, '.')", "zfill(8)", "isdigit()", "isalpha()",
             "isalnum()", "isspace()", "isupper()", "islower()", "istitle()", "isascii()", "isnumeric()", "isdecimal()",
             "isprintable()", "expandtabs(4)", "format(1, a=2)", "upper", "nope()", "strip(1)", "startswith(1)",
             "__class__.__mro__", "encode", "split(sep='l')", "find()", "endswith('lo', 0, 5)"],
    "list": ["index(1)", "count(1)", "count('a')", "append(1)", "pop()", "index('zz')", "copy()", "sort()", "nope", "items()"],
    "dict": ["items()", "keys()", "values()", "get('b')", "get('zz')", "get('zz', 1)", "get('a', default=1)", "copy()",
             "pop('b')", "update({})", "b", "a", "zz", "items", "get()", "keys()|list", "items()|list", "values()|list",
             "items()|first", "get(none)", "get([])"],
}
FORMATS = ["'{} {}'.format(%s, %s)", "'{0}{1}{0}'.format(%s, %s)", "'{a}'.format(a=%s)", "'{:>6}|{:<4}'.format(%s, %s)",
           "'{:05.1f}'.format(%s)", "'{!r:^9}'.format(%s)", "'{:,}'.format(%s)", "'%%s %%r' %% (%s, %s)", "'%%5d|%%-4s' %% (%s, %s)",
           "'%%.2f' %% %s", "'%%s' %% %s", "'%%(b)s' %% %s", "'{:x}'.format(%s)", "'{:+d}'.format(%s)", "'{:s}'.format(%s)",
           "'{:.3}'.format(%s)", "'{{}}{}'.format(%s)", "'%%x %%o' %% (%s, %s)", "'%%05.1f' %% %s", "'%%e %%g' %% (%s, %s)"]
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">", "<=", ">=", "in", "not in", "and", "or"]


class Snippets:
    def __init__(self, random):
        self.random = random

    def pick(self, *choices):
        return self.random.choice(choices)

    def variable(self):
        return self.random.choice(TEXTS + NUMBERS + LISTS + DICTS + ["none_", "missing", "no", "missing.x", "d.missing"])

    def atom(self):
        return self.variable() if self.random.random() < 0.7 else self.random.choice(LITERALS)

    def filtered(self, value):
        name = self.random.choice(list(FILTERS))
        arguments = self.random.choice(FILTERS[name] or [""])
        return f"{value}|{name}" + (f"({arguments})" if arguments or self.random.random() < 0.1 else "")

    def expression(self, depth=2):
        if depth <= 0 or self.random.random() < 0.1:
            return self.atom()
        inner = lambda: self.expression(depth - 1)
        kind = self.random.randrange(15)
        if kind < 4:
            value = self.random.choice(self.pick(TEXTS, LISTS, DICTS, NUMBERS)) if self.random.random() < 0.7 else f"({inner()})"
            for _ in range(self.pick(1, 1, 1, 2)):
                value = self.filtered(value)
            return value + self.pick("", "", "|list", "|string")
        if kind == 4:
            return f"{self.atom()}.{self.random.choice(METHODS[self.pick('text', 'list', 'dict')])}"
        if kind == 5:
            kind, names = self.pick(("text", TEXTS), ("list", LISTS), ("dict", DICTS))
            return f"{self.random.choice(names)}.{self.random.choice(METHODS[kind])}"
        if kind in (6, 7):
            names = self.pick(TEXTS, NUMBERS, LISTS)
            left, right = (self.random.choice(names) if self.random.random() < 0.6 else f"({inner()})" for _ in "ab")
            operators = OPERATORS if names is not LISTS else ["+", "==", "!=", "in", "~", "and", "or"]
            return f"{left} {self.random.choice(operators)} {right}"
        if kind == 8:
            bounds = [self.pick("", "1", "-1", "0", "2", "-3", "100", "none") for _ in range(3)]
            value = self.random.choice(TEXTS + LISTS) if self.random.random() < 0.8 else f"({self.variable()}|list)"
            return f"{value}[{bounds[0]}:{bounds[1]}" + (f":{bounds[2]}" if bounds[2] else "") + "]"
        if kind == 9:
            return f"({inner()})[{self.pick('0', '-1', '1', '99', chr(39) + 'b' + chr(39), 'n', 's', 'true')}]"
        if kind == 10:
            return f"{self.pick('', 'not ')}({inner()}) is {self.random.choice(TESTS)}"
        if kind == 11:
            return f"({inner()} if {inner()}" + (f" else {inner()})" if self.random.random() < 0.8 else ")")
        if kind == 12:
            form = self.random.choice(FORMATS)
            return form % tuple(self.atom() for _ in range(form.replace("%%", "").count("%s")))
        if kind == 13:
            return self.pick("[{}, {}]", "({}, {})", "{{'k': {}, 'j': {}}}", "range({}, {})|list", "range({}, {})",
                             "dict(a={}, b={})", "namespace(a={}, b={}).a").format(inner(), inner())
        return self.pick("-", "+", "not ") + f"({inner()})"

    def output(self, depth=2):
        return self.pick("{{ ", "{{- ", "{{") + self.expression(depth) + self.pick(" }}", " -}}", "}}")

    def tag(self, text):
        return self.pick("{% ", "{%- ", "{%", "{%+ ") + text + self.pick(" %}", " -%}", "%}", " +%}")

    def text(self):
        return self.pick("", " ", "\n", "\n  ", "text", " a\n\n b ", "\t", "{# note #}", "{#- note -#}\n", "x\r\n")

    def body(self, depth):
        return "".join(self.text() + self.statement(depth) + self.text() for _ in range(self.pick(1, 1, 2)))

    def statement(self, depth):
        if depth <= 0:
            return self.output(self.pick(0, 1, 2))
        kind = self.random.randrange(16)
        body = lambda: self.body(depth - 1)
        value = lambda: self.expression(1)
        if kind < 4:
            return self.output(3)
        if kind < 6:
            middle = self.pick("", self.tag("else") + body(), self.tag(f"elif {value()}") + body())
            return self.tag(f"if {self.expression(2)}") + body() + middle + self.tag("endif")
        if kind < 9:
            items = self.pick("l", "ls", "msgs", "mix", "range(4)", "d.items()", "d", "s[:3]", "le", "missing", value())
            target = "k, v" if items == "d.items()" or self.random.random() < 0.05 else "i"
            condition = self.pick("", "", f" if {self.pick('i', 'i is string', 'not i', 'i != 1', 'loop')}")
            inside = "{{ i }}{{ k }}:{{ v }}" + self.pick(
                "", "{{ loop.index }}/{{ loop.length }}", "{{ loop.first }}{{ loop.last }}", "{{ loop.revindex0 }}", "{{ loop.depth }}",
                "{{ loop.previtem }}<{{ loop.nextitem }}", "{{ loop.cycle('a', 'b') }}", "{{ loop.changed(i) }}", "{{ loop.index0 is even }}",
                "{% if loop.index > 2 %}{% break %}{% endif %}", "{% if loop.first %}{% continue %}{% endif %}",
                "{% set s = i %}{{ s }}", "{{ loop }}", "{{ loop.nope }}")
            otherwise = self.pick("", "", self.tag("else") + "none")
            return self.tag(f"for {target} in {items}{condition}") + inside + body() + otherwise + self.tag("endfor") + "{{ i }}{{ s }}"
        if kind == 9:
            return self.tag(f"set x = {value()}") + "{{ x }}" + self.pick("", self.tag("set x, y = 1, x") + "{{ y }}{{ x }}")
        if kind == 10:
            return self.tag(self.pick("set x", "set x | upper", "set x|trim|replace('a','b')")) + body() + self.tag("endset") + "[{{ x }}]"
        if kind == 11:
            return (self.tag(f"set ns = namespace(a={value()})") + "{% for i in l %}{% set ns.a = "
                    + self.pick("i", "ns.a ~ i", "[ns.a, i]", "ns.a") + " %}{% endfor %}{{ ns.a }}{{ ns.b }}")
        if kind == 12:
            signature = self.pick("a", "a, b=2", "a='x', b=a", "", "a, b")
            inside = self.pick("{{ a }}{{ b }}", "{{ varargs }}", "{{ kwargs }}", "{{ caller() }}", "{{ caller(1) if caller }}", "{{ x }}", "")
            arguments = self.pick("1", "1, 2", "b=3", "", "1, 2, 3", "c=1", "a=s", value())
            macro = self.tag(f"macro m({signature})") + inside + body() + self.tag("endmacro")
            call = f"m({arguments})"
            use = self.pick("{{ " + call + " }}", "{% call " + call + " %}in{{ x }}{% endcall %}",
                            "{% call(p) " + call + " %}[{{ p }}]{% endcall %}", "{{ " + call + "|upper }}",
                            "{{ m.name }}{{ m.arguments }}")
            return macro + use
        if kind == 13:
            return self.tag(f"with x = {value()}, y = 1") + "{{ x }}{{ y }}" + body() + self.tag("endwith") + "{{ y }}"
        if kind == 14:
            return self.tag(f"filter {self.pick('upper', 'trim', 'replace(1, 2)', 'indent(2)', 'upper|lower', 'length')}") + body() + self.tag("endfilter")
        return self.pick(
            "{% raw %}{{ x }}{% endraw %}", "{% generation %}" + body() + "{% endgeneration %}",
            "{% for i in [1, [2, [3]]] recursive %}{{ loop.depth }}{{ i if i is number else loop(i) }}{% endfor %}",
            "{% block a %}{{ s }}{{ x }}{% endblock %}", "{% if no %}{{ s|nope }}{% endif %}", "{{ raise_exception('no') if t and no }}",
            "{% set j = joiner(', ') %}{% for i in l %}{{ j() }}{{ i }}{% endfor %}",
            "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.next() }}",
            "{% for a, b in d|dictsort %}{{ a }}={{ b }};{% endfor %}", "{%- raw -%} x {%- endraw -%}",
            "{% for g in msgs|groupby('role') %}{{ g.grouper }}{{ g.list|length }}{{ g }}{% endfor %}")

    def snippet(self):
        return self.body(self.pick(0, 0, 1, 1, 2, 3))
