"""Template snippets with what jinja2 makes of them; used by make.py."""

VARIABLES = {
    "text": "  Hello, Wörld! it's \"fine\"\n",
    "word": "straße café",
    "number": 42,
    "ratio": 2.5,
    "flag": True,
    "nothing": None,
    "items_list": [3, 1, 2, 3],
    "names": ["bob", "Alice", "carol", "alice"],
    "record": {"b": 1, "a": [1, 2.0, None, True], "items": "shadowed", "C": {"x": "é<>&'\""}},
    "people": [
        {"name": "Ann", "age": 30, "tags": ["x"]},
        {"name": "Bob", "age": 25},
        {"name": "Cyd", "age": 30, "tags": []},
    ],
}

SNIPPETS = [
    # Literals, operators, precedence
    "{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 7 / 2 }} {{ 1e3 }} {{ 1_000 }}",
    "{{ 1.0 }} {{ 0.1 + 0.2 }} {{ 1e16 }} {{ 1e15 }} {{ 1.5e-5 }} {{ 123456789.125 }} {{ 1e22 }} {{ -0.0 }} {{ 100.0 }} {{ 0.0001 }}",
    "{{ 'a' ~ 1 ~ none ~ true ~ 2.0 }} {{ 'a' 'b' }} {{ 'x' * 3 }} {{ [1] + [2] }} {{ [0] * 2 }}",
    "{{ 1 < 2 < 3 }} {{ 1 < 2 > 5 }} {{ 'a' < 'b' }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' != 'b' }} {{ [1, 2] == [1, 2] }} {{ {'a': 1} == {'a': 1} }}",
    "{{ 2 in [1, 2] }} {{ 'ell' in 'hello' }} {{ 'b' in record }} {{ 'z' not in record }} {{ not 1 in [2] }} {{ '' in 'a' }}",
    "{{ nothing and 1 }} {{ 0 or 'x' }} {{ not true }} {{ not '' and 5 }} {{ 1 if false }} {{ 1 if flag else 2 }} {{ 'a' if 0 else 'b' if 0 else 'c' }}",
    "{{ [1, 'two', none, true, 3.5, {'k': 'v'}, (1,), (1, 2), ()] }}",
    "{{ {'a': \"it's\", 'b': 'say \"hi\"', 1: 'both \\' and \"', none: '\\n\\t\\\\ \\x07 é'} }}",
    "{{ 'tab\\there\\nnl \\u00e9 \\x41 \\d' }} {{ \"dq \\\" 'sq'\" }}",
    "{{ -number }} {{ +number }} {{ -2|abs }} {{ (-2)|abs }} {{ number|string + 'x' }}",
    # Access
    "{{ items_list[0] }} {{ items_list[-1] }} {{ items_list[1:] }} {{ items_list[:-1] }} {{ items_list[::-1] }} {{ items_list[::2] }} {{ items_list[9] }}|",
    "{{ word[0] }} {{ word[-1] }} {{ word[4:6] }} {{ word[::-1] }} {{ word[5:100] }} {{ word[-3:] }}",
    "{{ record.b }} {{ record['a'][1] }} {{ record.C.x }} {{ record.nope }}| {{ record['items'] }} {{ people[0].name }} {{ people.0.age }}",
    "{{ record.get('b') }} {{ record.get('zz') }} {{ record.get('zz', 'dflt') }} {{ record.keys()|list }} {{ record.values()|list|length }}",
    "{% for k, v in record.items() %}{{ k }}={{ v }};{% endfor %}",
    # Tests
    "{{ x is defined }} {{ text is defined }} {{ x is undefined }} {{ nothing is none }} {{ x is none }} {{ text is string }} {{ number is number }} {{ flag is number }} {{ flag is boolean }} {{ number is integer }} {{ ratio is float }} {{ record is mapping }} {{ items_list is iterable }} {{ record is sequence }} {{ 'a' is iterable }} {{ 1 is iterable }} {{ x is sequence }}",
    "{{ 3 is odd }} {{ 3 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 1 is eq 1 }} {{ 1 is ne(2) }} {{ 3 is gt 2 }} {{ 2 is in [1, 2] }} {{ 'ab' is lower }} {{ 'AB' is upper }} {{ true is true }} {{ 1 is true }} {{ flag is sameas true }} {{ text is not none }} {{ x is not defined and true }}",
    # Filters
    "[{{ text|trim }}] [{{ text|upper }}] [{{ word|title }}] [{{ word|capitalize }}] [{{ word|length }}] [{{ word|upper }}] [{{ 'ß'|upper }}] [{{ 'hello-world (foo) [bar]'|title }}]",
    "{{ x|default('d') }} {{ ''|default('e', true) }} {{ ''|d('e') }}| {{ nothing|default('n') }} {{ nothing|default('n', boolean=true) }}",
    "{{ items_list|join(', ') }} {{ people|join('/', attribute='name') }} {{ items_list|first }} {{ items_list|last }} {{ items_list|sort }} {{ items_list|unique|list }} {{ items_list|reverse|list }} {{ names|sort }} {{ names|sort(reverse=true, case_sensitive=true) }} {{ people|sort(attribute='age')|map(attribute='name')|list }}",
    "{{ items_list|min }} {{ items_list|max }} {{ items_list|sum }} {{ people|sum(attribute='age') }} {{ names|unique|list }} {{ 'hello'|list }} {{ 'abc'|reverse }} {{ record|list }}",
    "{{ people|map(attribute='name')|join(',') }} {{ names|map('upper')|list }} {{ people|selectattr('tags')|map(attribute='name')|list }} {{ people|selectattr('age', 'equalto', 30)|list|length }} {{ people|rejectattr('age', 'gt', 26)|map(attribute='name')|list }} {{ [0, 1, '', 'a']|select|list }} {{ [1, 2, 3]|select('odd')|list }} {{ [1, none]|reject('none')|list }} {{ people|map(attribute='tags', default='-')|list }}",
    "{{ record|tojson }}\n{{ record|tojson(indent=2) }}\n{{ [1.0, 1e20, 'é\\n\\u0001</x>']|tojson }} {{ []|tojson(indent=4) }} {{ {}|tojson(indent=4) }} {{ 'é🙂'|tojson(ensure_ascii=true) }} {{ record|tojson(separators=(',', ':'), sort_keys=true) }}",
    "{{ record|items|list }} {{ record|dictsort }} {{ {'b': 1, 'A': 2}|dictsort(by='value', reverse=true) }} {{ {'b': 1, 'A': 2}|dictsort(case_sensitive=true) }}",
    "{{ '3'|int + 1 }} {{ 'x'|int }} {{ 'x'|int(7) }} {{ '3.9'|int }} {{ 3.9|int }} {{ '2.5'|float }} {{ 3|float }} {{ 2.567|round(2) }} {{ 2.5|round }} {{ 2.1|round(0, 'ceil') }} {{ true|int }}",
    "{{ 'a b a'|replace('a', 'x') }} {{ 'aaa'|replace('a', 'b', 2) }} {{ 'one\\ntwo\\n\\nthree'|indent }}| {{ 'one\\ntwo'|indent(2, true) }}| {{ 'one\\n\\ntwo'|indent(width=1, blank=true) }}| {{ '<a>&\"'|e }} {{ 'a b  c'|wordcount }} {{ '%s-%d-%.2f-%5s|%-4s|%03d'|format('a', 3, 2.5, 'r', 'l', 7) }}",
    # Methods
    "{{ text.strip() }}|{{ text.lstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'xxaxx'.rstrip('x') }}|{{ 'a,b,,c'.split(',') }}|{{ ' a  b '.split() }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'a b c'.split(none, 1) }}|{{ 'a,b,c'.rsplit(',', 1) }}|{{ 'a\\nb\\r\\nc'.splitlines() }}",
    "{{ 'abc'.startswith('a') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'abc'.find('c') }} {{ 'abc'.find('z') }} {{ 'abcabc'.rfind('b') }} {{ 'abcabc'.count('b') }} {{ 'abcabc'.replace('b', 'X', 1) }} {{ 'aBc'.upper() }} {{ 'aBc'.lower() }} {{ \"they're bill's\".title() }} {{ 'ab cd'.capitalize() }} {{ '-'.join(['a', 'b']) }} {{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ '5'.zfill(3) }} {{ 'a-b-c'.partition('-') }} {{ 'prefix'.removeprefix('pre') }} {{ 'ab'.ljust(4) }}|",
    "{{ '{} and {} {x}'.format(1, 'b', x=2.5) }} {{ '{0}{1}{0}'.format('a', 'b') }} {{ '{:>5}|{:<4}|{:^5}|{:05d}|{:.3f}|{:,}'.format('r', 'l', 'c', 42, 3.14159, 1234567) }} {{ '{{}}'.format() }} {{ '%s is %s' % ('a', 1) }} {{ '%d%%' % 5 }}",
    "{{ items_list.index(2) }} {{ items_list.count(3) }} {{ record.copy() == record }}",
    # Statements
    "{% for i in items_list %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{{ loop.changed(i) }};{% endfor %}",
    "{% for i in [] %}x{% else %}empty{% endfor %} {% for i in items_list if i > 1 %}{{ i }}/{{ loop.length }} {% else %}none{% endfor %} {% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %} {% for c in 'añ' %}[{{ c }}]{% endfor %} {% for k in record %}{{ k }} {% endfor %}",
    "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %} {{ range(3)|list }} {{ range(2, 10, 3)|list }} {{ range(5, 0, -2)|list }}",
    "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }} {% if true %}{% set x = 9 %}{% endif %}{{ x }} {% set a, b = 1, 2 %}{{ a }}{{ b }} {% set y %}block {{ x }}{% endset %}{{ y }} {% set z | upper %}up{% endset %}{{ z }}",
    "{% set ns = namespace(n=0, l=[]) %}{% for i in items_list %}{% set ns.n = ns.n + i %}{% set ns.l = ns.l + [i] %}{% endfor %}{{ ns.n }} {{ ns.l }} {% set ns.new = 'x' %}{{ ns.new }} {{ ns['n'] }} {{ ns.zip is defined }}",
    "{% macro m(a, b='B', c=none) %}[{{ a }}|{{ b }}|{{ c }}|{{ number }}]{% endmacro %}{{ m(1) }}{{ m(1, c=3) }}{{ m(b=2, a=0) }}{{ m() }} {% macro outer(x) %}{{ m(x) }}{{ caller() if caller is defined }}{% endmacro %}{{ outer('o') }} {% call outer('c') %}inside {{ number }}{% endcall %}",
    "{% macro fact(n) %}{% if n <= 1 %}1{% else %}{{ n * (fact(n - 1)|int) }}{% endif %}{% endmacro %}{{ fact(5) }} {% macro v() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ v(1, 2, k=3) }}",
    "{% macro late() %}{{ after }}{% endmacro %}{% set after = 'seen' %}{{ late() }} {% with q = 5, r = number %}{{ q + r }}{% endwith %}{{ q is defined }} {% filter upper %}loud {{ text|trim }}{% endfilter %} {% filter trim|upper %}  x  {% endfilter %}",
    "{% for i in items_list recursive %}{{ i }}{% if loop.first and i == 3 %}({{ loop([7, 8]) }}){% endif %}{{ loop.depth }}{% endfor %}",
    "{% if x %}a{% elif flag %}b{% else %}c{% endif %}{% if not x %}d{% endif %}{# comment {{ x }} #}{% raw %}{{ raw }} {% if %}{% endraw %}!",
    "{% generation %}gen {% set g = 1 %}{% endgeneration %}{{ g is defined }} {{ dict(a=1, b=2) }} {{ dict([('x', 1)]) }} {{ namespace(a=1).a }}",
    # White space
    "a\n  {% if true %}\n  b\n  {% endif %}\nc\n",
    "a\n  {%- if true -%}\n  b\n  {%- endif %}\nc\n\n",
    "a  {% if true %}  b  {% endif %}  c\n   {{ 1 }}   \n\t{# c #}\nd {#- x -#} e",
    "{%+ if true +%}\n x {%+ endif %}\n\n  {%+ if true %}y{% endif +%}\n\nend",
    "  {% set a = 1 %}  \n  {{- a }}\n{{ a -}}\n  z\r\nq\r",
    "x {%- raw -%}  r  {%- endraw -%}  y {% raw %}\n k\n {% endraw %}\nw",
    "{% for i in [1, 2] -%}\n  {{ i }}\n{%- endfor %}\n  {%- for i in [1, 2] %}\n\n  {{ i }}\n  {%- endfor %}",
    "{{ {'a': {'b': 1}}['a']['b'] }}{{ {'x': '}}'}.x }} {{ '{% not a tag %}' }} {{ \"#}\" }}",
    # Undefined and errors (both must refuse)
    "{{ x }}{{ x|upper }}{{ x|length }}{{ x|list }}{% for i in x %}{% endfor %}{{ x == y }}{{ x ~ 'a' }}",
    "{{ x.y }}", "{{ x + 1 }}", "{{ 'a' + 1 }}", "{{ raise_exception('no ' ~ number) }}", "{{ items_list.append(1) }}",
    "{{ record.pop('b') }}", "{{ 1 // 0 }}", "{{ nope() }}", "{{ text|nofilter }}", "{{ 1 is notest }}", "{% if %}", "{% for x in %}{% endfor %}",
    "{{ 1 ", "{% endif %}", "{% unknown %}", "{{ [1, 2 }}", "{{ 'open }}", "{# open", "{{ x|tojson }}", "{{ ''.__class__.__mro__ }}", "{{ nothing < 1 }}", "{{ number[0:1] }}",
    "{% for i in nothing %}{% endfor %}", "{% set record.x = 1 %}", "{{ range(1000000000) }}", "{{ 1 if x.y else 2 }}", "{{ nothing|list }}", "{{ 'a' in 5 }}",
]
