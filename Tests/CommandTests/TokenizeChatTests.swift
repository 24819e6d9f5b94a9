import Foundation
import TestSupport
import Testing

@Suite struct TokenizeChatTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static let tokenizer = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Fixtures/tokenizers/smollm.json").standardizedFileURL.path

  private static let template = """
    {%- for tool in tools or [] %}T:{{ tool.name }};{% endfor -%}
    {%- for m in messages %}{{ m.role }}:{{ m.content }};{% endfor -%}
    {{ mood }}{{ thinking }}{{ documents|length if documents }}{% if add_generation_prompt %}>{% endif %}
    """

  private func chat(_ messages: String, _ options: String...) throws -> Program {
    let chat = try folder.write(Array(messages.utf8), as: "chat.json").string
    let template = try folder.write(Array(Self.template.utf8), as: "t.jinja").string
    return try Program(
      ["tokenize", Self.tokenizer, "--chat", chat, "--template", template, "--json"] + options)
  }

  @Test("A conversation is a list of messages, or an object with all that the template knows")
  func forms() throws {
    let list = try chat(#"[{"role": "user", "content": "Hi"}]"#).json()
    #expect(list["prompt"] as? String == "user:Hi;>")
    #expect((list["ids"] as? [Int])?.isEmpty == false)
    let object = try chat(
      #"""
      {"messages": [{"content": "Hi", "role": "user"}], "tools": [{"name": "f"}], "documents": [{}, {}],
       "mood": "calm", "chat_template_kwargs": {"thinking": 1}, "add_generation_prompt": false}
      """#
    ).json()
    #expect(object["prompt"] as? String == "T:f;user:Hi;calm12")
  }

  @Test("Options go before what the file says; a variable that is no JSON is text")
  func options() throws {
    let tools = try folder.write(Array(#"[{"name": "g"}]"#.utf8), as: "tools.json").string
    let prompt = try chat(
      #"{"messages": [], "tools": [{"name": "f"}], "mood": "calm"}"#, "--tools", tools,
      "--no-generation-prompt", "--variable", "mood=wild=ish", "--variable", "thinking=[1, true]"
    ).json()["prompt"]
    #expect(prompt as? String == "T:g;wild=ish[1, True]")
  }

  @Test(
    "A file that is no conversation is an error that says what is expected",
    arguments: ["{}", "3", #"{"messages": 3}"#, #"["Hi"]"#, "["])
  func refused(_ messages: String) throws {
    let program = try chat(messages)
    #expect(program.status == 1)
    #expect(program.errors.contains("chat.json"))
  }

  @Test(
    "Options of a conversation without one are wrong usage",
    arguments: [
      ["--tools", "x"], ["--no-generation-prompt"], ["--variable", "a=1"], ["--template", "x"],
    ])
  func usage(_ options: [String]) throws {
    #expect(try Program(["tokenize", Self.tokenizer, "Hi"] + options).status == 64)
  }
}
