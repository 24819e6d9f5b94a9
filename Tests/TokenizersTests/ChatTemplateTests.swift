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

  static let random = try? JSONValue(parsing: TokenizerFixtures.bytes("random-templates.json"))
  static let randomVariables = Dictionary(
    uniqueKeysWithValues: (random?["variables"]?.object ?? []).map { ($0.key, $0.value) })
  static let randomSnippets: [Snippet] = (random?["snippets"]?.array ?? []).map {
    Snippet(template: $0["template"]?.string ?? "", expected: $0["expected"]?.string)
  }

  @Test("Snippets render, or are refused, as by jinja2", arguments: snippets)
  func snippet(_ snippet: Snippet) throws { try check(snippet, Self.variables) }

  @Test("Random snippets render, or are refused, as by jinja2")
  func random() throws {
    #expect(Self.randomSnippets.count == 400)
    for snippet in Self.randomSnippets { try check(snippet, Self.randomVariables) }
  }

  private func check(_ snippet: Snippet, _ variables: [String: JSONValue]) throws {
    func render() throws -> String {
      try ChatTemplate(snippet.template).render(
        messages: [], addGenerationPrompt: false, variables: variables)
    }
    if let expected = snippet.expected {
      #expect(try render() == expected, "\(snippet.template)")
    } else {
      #expect(throws: ChatTemplateError.self, "\(snippet.template)") { try render() }
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

  @Test("A message keeps the order of its keys, and a missing content is missing")
  func messageOrder() throws {
    let json = try JSONValue(
      parsing: Array(
        #"[{"content":"b","z":1,"role":"user"},{"role":"assistant","tool_calls":[]}]"#.utf8))
    let messages = (json.array ?? []).compactMap(ChatMessage.init(json:))
    let text = try ChatTemplate("{{ messages|tojson }}").render(
      messages: messages, addGenerationPrompt: false)
    #expect(
      text
        == #"[{"content": "b", "z": 1, "role": "user"}, {"role": "assistant", "tool_calls": []}]"#)
  }
}
