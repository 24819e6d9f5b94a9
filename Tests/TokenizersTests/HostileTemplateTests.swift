import Foundation
import Testing
import Tokenizers

@Suite(.serialized) struct HostileTemplateTests {
  static func render(_ source: String, variables: [String: JSONValue] = [:]) throws -> String {
    try ChatTemplate(source).render(
      messages: [], addGenerationPrompt: false, variables: variables)
  }

  /// Processor time, which other work on the machine does not lengthen.
  static func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
    let start = clock()
    try body()
    return Double(clock() - start) / Double(CLOCKS_PER_SEC)
  }

  @Test(
    "A hostile template ends in an error, within a second of one processor",
    arguments: [
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% for a in range(10**12) %}{% endfor %}", "{{ range(10**12) }}",
      "{{ range(0, 10**12, 2)|list }}",
      "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}",
      "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = ns.x|batch(1)|list %}{% set ns.x = [ns.x] %}{% endfor %}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(99999) %}{% set ns.x = [ns.x]|map('list') %}{% endfor %}",
      "{% set ns = namespace(x=1) %}{% for i in range(99999) %}{% set ns.x = cycler(ns.x) %}{% endfor %}",
      "{% set ns = namespace(x=1) %}{% for i in range(80) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
      "{% set ns = namespace(x={}) %}{% for i in range(99999) %}{% set ns.x = {'a': ns.x} %}{% endfor %}{{ ns.x }}",
      "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = ns.x + ['x' * 100000] %}{% endfor %}",
      "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = ns.x + [range(1000)|list] %}{% endfor %}",
      "{{ 'a' * 10**12 }}", "{{ [0] * 10**12 }}", "{{ (0,) * 10**12 }}", "{{ 'a'.ljust(10**12) }}",
      "{{ 'a'.center(10**12) }}", "{{ 'a'|center(10**12) }}", "{{ '1'.zfill(10**12) }}",
      "{{ '\t'.expandtabs(10**12) }}", "{{ 'a'|indent(10**12, true) }}",
      "{{ [1]|tojson(indent=10**12) }}",
      "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
      "{{ ('a' * 1000000).replace('', 'b' * 1000000) }}",
      "{{ ('a' * 1000000)|replace('a', 'b' * 1000000) }}",
      "{{ (['a'] * 1000)|join('b' * 1000000) }}", "{{ ('b' * 1000000).join(['a'] * 100000) }}",
      "{{ ('<' * 5000000)|e|e|e }}", "{{ [1]|batch(10**12, 0)|list }}",
      "{{ [1]|slice(10**12)|list }}",
      "{{ ('a ' * 4000000).split() }}", "{{ ('a' * 8000000)|list }}",
      "{{ [[('a' * 8000000)], [('b' * 8000000)], [('c' * 8000000)], [('d' * 8000000)]]|length }}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
      "{% macro m(x) %}{{ ['a' * 1000000, m(x)] }}{% endmacro %}{{ m(0) }}",
      "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
      "{{ 2 ** 2 ** 2 ** 2 ** 9 }}", "{{ 10 ** 10 ** 10 }}", "{{ 99999999999999999999 }}",
      "{{ 9223372036854775807 + 1 }}",
      "{{ '%99999999999d' % 1 }}", "{{ '%*d' % (10**12, 1) }}", "{{ '{:>9999999999}'.format(1) }}",
      "{{ '{:{}}'.format(1, 10**12) }}", "{{ '%.999999999f' % 1.5 }}",
      "{{ '{:.999999999}'.format(1.5) }}",
      "{% for i in range(99999) %}{{ 'x' * 10000 }}{% endfor %}",
      "{% for i in range(99999) %}{% set y = ('x' * 1000000)[5] %}{% endfor %}",
      "{% for i in range(99999) %}{{ ('x' * 1000000) == ('x' * 1000000) }}{% endfor %}",
      "{% for i in range(99999) %}{{ ('x' * 1000000)|length }}{% endfor %}",
      "{% for i in range(99999) %}{{ ('x' * 1000000).find('y') }}{% endfor %}",
      "{{ range(99999)|sort(attribute='x')|list }}{% for i in range(999) %}{{ range(99999)|sort(reverse=true)|first }}{% endfor %}",
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
      "{% set ns = namespace() %}{% set ns.a = ns %}{% set ns.b = ns %}{{ '%s' % ns }}",
      "{% set ns = namespace() %}{% set ns.a = ns %}{% set ns.b = ns %}{{ '{}'.format(ns) }}",
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ [1].index(ns) }}{{ 1|round(method=ns) }}",
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ [1]|map(ns)|list }}",
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ ''|safe + (''|safe).join([ns]) }}",
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns|e }}{{ raise_exception(ns) }}",
      "{{ ''.__class__ }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}",
      "{{ ''['__class__'].__base__ }}",
      "{{ ''|attr('__class__') }}", "{{ messages.__init__.__globals__ }}",
      "{{ '{0.__class__}'.format('') }}",
      "{{ raise_exception.__globals__ }}", "{{ cycler.__init__.__globals__.os }}",
      "{{ self.__dict__ }}",
      "{% include '/etc/passwd' %}", "{% import 'x' as y %}", "{% extends 'x' %}",
      "{% from 'x' import y %}",
    ])
  func hostile(_ source: String) throws {
    let seconds = Self.processorSeconds {
      #expect(throws: ChatTemplateError.self) { _ = try Self.render(source) }
    }
    #expect(seconds < 1, "\(seconds) seconds")
  }

  @Test(
    "Nesting is refused before it harms the stack",
    arguments: [
      "(", "[", "{'a':", "not ", "-", "a if ", "{% if a %}", "{% for a in b %}", "a.b(", "x[",
      "a|b(", "a is b(",
      "{% filter upper %}", "{% macro m() %}", "{% call a() %}", "{% set x %}", "{% with %}",
    ])
  func nesting(_ opening: String) throws {
    let body = String(repeating: opening, count: 20_000)
    #expect(throws: ChatTemplateError.self) {
      try ChatTemplate(opening.hasPrefix("{%") ? body : "{{" + body)
    }
  }

  @Test("A chain of operators as long as a file does not harm the stack")
  func chains() throws {
    for piece in [
      " + 1", " ~ 1", "|abs", ".a", " and 1", " == 1", "[0]", " is defined", " if 1 else 2", "()",
      " ** 1",
    ] {
      let source = "{{ 1" + String(repeating: piece, count: 5000) + " }}"
      _ = try? ChatTemplate(source).render(messages: [], addGenerationPrompt: false)
    }
  }

  @Test(
    "A template of ten megabytes is refused before it is read", arguments: ["a", "{{ a }}", "{# "])
  func large(_ piece: String) throws {
    let source = String(repeating: piece, count: 10_000_000 / piece.utf8.count)
    #expect(throws: ChatTemplateError.limitExceeded(.source)) { try ChatTemplate(source) }
  }

  @Test("The time for a conversation grows with its length")
  func linear() throws {
    let template = try ChatTemplate(
      """
      {%- set ns = namespace(count=0) -%}
      {%- for message in messages -%}
      {%- if loop.first or message.role != messages[loop.index0 - 1].role -%}
      {{- '<|' ~ message['role'] ~ '|>' + message.content | trim -}}
      {%- endif -%}
      {%- if message == messages | last %}{% set ns.count = ns.count + messages | length %}{% endif -%}
      {%- endfor -%}
      """)
    func seconds(_ count: Int) throws -> Double {
      let messages = (0..<count).map {
        ChatMessage(role: $0 % 2 == 0 ? "user" : "assistant", content: "message \($0)")
      }
      return try (0..<3).map { _ in
        try Self.processorSeconds {
          _ = try template.render(messages: messages, addGenerationPrompt: true)
        }
      }.min() ?? 0
    }
    let (short, long) = (try seconds(1000), try seconds(8000))
    #expect(long < 24 * short, "1000 messages \(short) s, 8000 messages \(long) s")
  }

  @Test("A conversation of five megabytes renders")
  func long() throws {
    let text = String(repeating: "All work and no play. ", count: 500)
    let messages = (0..<500).map { _ in ChatMessage(role: "user", content: text) }
    let template = try ChatTemplate(
      "{% set all = namespace(t='') %}{% for m in messages %}{% set x %}{{ m.content|trim }}{% endset %}{{ x }}"
        + "{% endfor %}")
    let prompt = try template.render(messages: messages, addGenerationPrompt: true)
    #expect(prompt.utf8.count == 500 * (text.utf8.count - 1))
  }
}
