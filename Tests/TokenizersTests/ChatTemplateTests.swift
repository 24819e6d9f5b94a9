import Testing
import Tokenizers

@Suite struct ChatTemplateTests {
  struct Snippet: Sendable, CustomTestStringConvertible {
    var template: String
    var expected: String?
    var testDescription: String { template }
  }

  static let fixture = try? JSONValue(parsing: TokenizerFixtures.bytes("templates.json"))
  static let variables = Dictionary(
    uniqueKeysWithValues: (fixture?["variables"]?.object ?? []).map { ($0.key, $0.value) })
  static let snippets: [Snippet] = (fixture?["snippets"]?.array ?? []).map {
    Snippet(template: $0["template"]?.string ?? "", expected: $0["expected"]?.string)
  }

  @Test("Snippets render, or are refused, as by jinja2", arguments: snippets)
  func snippet(_ snippet: Snippet) throws {
    func render() throws -> String {
      try ChatTemplate(snippet.template).render(
        messages: [], addGenerationPrompt: false, variables: Self.variables)
    }
    if let expected = snippet.expected {
      #expect(try render() == expected)
    } else {
      #expect(throws: ChatTemplateError.self) { try render() }
    }
  }

  @Test(
    "Conversations with SmolLM2 and Qwen2.5, tools among them, become the prompts of transformers")
  func chats() throws {
    let chats = Self.fixture?["chats"]?.array ?? []
    #expect(chats.count == 8)
    for chat in chats {
      let template = try ChatTemplate(chat["template"]?.string ?? "")
      let messages = (chat["messages"]?.array ?? []).compactMap(ChatMessage.init(json:))
      let prompt = try template.render(
        messages: messages, addGenerationPrompt: chat["prompt"]?.bool ?? false,
        tools: chat["tools"]?.array)
      #expect(prompt == chat["expected"]?.string)
    }
  }

  @Test("A model without a template gets ChatML only if it knows its tokens")
  func fallback() throws {
    let tokenizer = try #require(GoldenVocabulary.all.first).tokenizer()
    let prompt = try tokenizer.makeChatTemplate().render(
      messages: [ChatMessage(role: "user", content: "Hi")], addGenerationPrompt: true)
    #expect(prompt == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    let bare = try Tokenizer(metadata: HostileTokenizerTests.good)
    #expect(throws: TokenizerError.noChatTemplate) { try bare.makeChatTemplate() }
  }

  @Test("The date is told in the template's format")
  func date() throws {
    let text = try ChatTemplate("{{ strftime_now('%Y-%m') }}").render(
      messages: [], addGenerationPrompt: false, time: 1_700_000_000)
    #expect(text == "2023-11")
  }

  @Test(
    "A hostile template ends in an error, soon", .timeLimit(.minutes(1)),
    arguments: [
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}",
      "{% set ns = namespace(x=1) %}{% for i in range(80) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
      "{% set ns = namespace(x={}) %}{% for i in range(99999) %}{% set ns.x = {'a': ns.x} %}{% endfor %}{{ ns.x }}",
      "{{ 'a' * 1000000000 }}", "{{ [0] * 1000000000 }}", "{{ 'a'.ljust(10000000000) }}",
      "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
      "{{ ('a' * 1000000).replace('', 'b' * 1000000) }}",
      "{{ (['a'] * 1000)|join('b' * 1000000) }}", "{{ ('b' * 1000000).join(['a'] * 100000) }}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
      "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      "{{ 2 ** 2 ** 2 ** 2 ** 9 }}", "{{ 99999999999999999999 }}", "{{ 9223372036854775807 + 1 }}",
      "{{ '%99999999999d' % 1 }}{{ 1 // 0 }}", "{{ '{:>9999999999}'.format(1) }}{{ nope.x }}",
      "{% for i in range(99999) %}{{ 'x' * 10000 }}{% endfor %}",
      "{% for i in range(99999) %}{% set y = ('x' * 1000000)[5] %}{% endfor %}",
    ])
  func hostile(_ source: String) throws {
    #expect(throws: ChatTemplateError.self) {
      try ChatTemplate(source).render(messages: [], addGenerationPrompt: false)
    }
  }

  @Test(
    "Nesting is refused before it harms the stack",
    arguments: [
      "(", "[", "{'a':", "not ", "-", "a if ", "{% if a %}", "{% for a in b %}", "a.b(", "x[",
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
      " + 1", " ~ 1", "|abs", ".a", " and 1", " == 1", "[0]", " is defined", " if 1 else 2",
    ] {
      let source = "{{ 1" + String(repeating: piece, count: 5000) + " }}"
      _ = try? ChatTemplate(source).render(messages: [], addGenerationPrompt: false)
    }
  }

  @Test("A namespace that holds itself prints and goes away")
  func circle() throws {
    let text = try ChatTemplate(
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns.me.me == ns }}{{ [ns] }}"
    )
    .render(messages: [], addGenerationPrompt: false)
    #expect(text == "True[<Namespace>]")
  }
}
