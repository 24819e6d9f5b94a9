import Foundation
import TestSupport
import Testing

@Suite struct ChatCommandTests {
  private let folder: TemporaryFolder
  private let model: String
  private let state: [String: String]

  init() throws {
    folder = try TemporaryFolder()
    model = folder.path.appending("tiny.gguf").string
    state = ["XDG_STATE_HOME": folder.path.string]
    let made = try Program("convert", fixture("checkpoints/tiny-llama"), model, "--quiet")
    try #require(made.status == 0, "\(made.errors)")
  }

  private var arguments: [String] { ["run", model, "-n", "4", "--temperature", "0"] }

  private func chat(_ input: String, _ more: String...) throws -> Program {
    try Program(arguments + more, input: input, environment: state)
  }

  // MARK: In a pipe

  @Test("In a pipe each line is a message, each answer a line, and nothing else is said")
  func pipe() throws {
    let program = try chat("one\n\ntwo\n")
    #expect(program.status == 0)
    #expect(program.errors.isEmpty)
    #expect(program.output.hasSuffix("\n") && !program.output.isEmpty)
  }

  @Test(
    "A message may have many lines",
    arguments: ["a\\\nb\n", "\"\"\"\na\nb\"\"\"\n", "\"\"\"a\nb\"\"\"\n"])
  func lines(input: String) throws {
    let path = folder.path.appending("chat.json").string
    _ = try chat(input + "/save \(path)\n")
    let messages = try transcript(path)
    #expect(messages.first?["content"] == "a\nb")
    #expect(messages.count == 2)
  }

  private func transcript(_ path: String) throws -> [[String: String]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [[String: String]])
  }

  @Test("Commands are obeyed, a path is a message, and what is no command is said to be none")
  func commands() throws {
    let program = try chat("/help\n/nothing\n/stats\n/undo\n/exit\nnever\n")
    #expect(program.status == 0)
    #expect(program.output.isEmpty)
    for text in ["/save FILE", "There is no /nothing", "context: 0 of ", "Nothing was asked yet."] {
      #expect(program.errors.contains(text), "\(program.errors)")
    }
    #expect(!(try chat("/usr/bin\n").output.isEmpty))
  }

  @Test("A saved conversation goes on where it was; a file of others is not written over")
  func saving() throws {
    let path = folder.path.appending("chat.json").string
    let first = try chat("/system Be brief.\none\n/save \(path)\ntwo\n/save \(path)\n")
    #expect(
      first.errors.contains("3 messages saved.") && first.errors.contains("5 messages saved."))
    #expect(
      try transcript(path).map { $0["role"] } == [
        "system", "user", "assistant", "user", "assistant",
      ])
    let other = try chat("three\n/save \(path)\n")
    #expect(other.errors.contains("already exists") && other.status == 0)
    let whole = try chat("/system Be brief.\none\ntwo\nthree\n")
    let rest = try chat("/load \(path)\nthree\n")
    #expect(whole.output.hasSuffix(rest.output) && !rest.output.isEmpty)
  }

  @Test("A question is answered again, or taken back")
  func retrying() throws {
    let path = folder.path.appending("chat.json").string
    _ = try chat("one\n/retry\n/undo\ntwo\n/save \(path)\n")
    #expect(try transcript(path).map { $0["content"] }.first == "two")
    #expect(try transcript(path).count == 2)
  }

  @Test(
    "What is no conversation is refused, and the chat goes on",
    arguments: ["[1]", "{", "{\"a\": 1}"])
  func badTranscript(text: String) throws {
    let path = try folder.write(Array(text.utf8), as: "bad.json").string
    let program = try chat("/load \(path)\none\n")
    #expect(program.status == 0)
    #expect(program.errors.hasPrefix("quern: \(path): "))
    #expect(!program.output.isEmpty)
  }

  @Test("A conversation that outgrows its context goes on without its oldest turns, and says so")
  func overflow() throws {
    let program = try chat(
      String(repeating: "again and again\n", count: 12), "--context", "128")
    #expect(program.status == 0, "\(program.errors)")
    #expect(program.errors.contains("the model no longer sees the oldest"))
  }

  @Test("The prompt of a turn is shown as text and as ids, which are those of the template")
  func prompt() throws {
    let path = folder.path.appending("chat.json").string
    let program = try chat("one\n/save \(path)\ntwo\n/undo\n/prompt\n/prompt ids\n")
    var messages = try transcript(path)
    messages.append(["role": "user", "content": "two"])
    let whole = try folder.write(Array(JSONEncoder().encode(messages)), as: "whole.json").string
    let expected = try Program("tokenize", model, "--chat", whole, "--json").json()
    let ids = try #require(expected["ids"] as? [Int]).map(String.init).joined(separator: " ")
    #expect(program.errors.contains("\n" + ids + "\n"))
    let text = try #require(expected["prompt"] as? String)
    #expect(program.errors.contains(text))
  }

  @Test(
    "A template is told whether to think, and only if someone said so",
    arguments: [
      ([], "thinks: unset"), (["--think"], "thinks: True"), (["--no-think"], "thinks: False"),
    ])
  func thinking(flags: [String], expected: String) throws {
    let template = "thinks: {{ enable_thinking | default('unset') }}"
    let file = try folder.write(Array(template.utf8), as: "template.jinja").string
    let edited = try Program("edit", model, "--in-place", "--chat-template", file)
    try #require(edited.status == 0, "\(edited.errors)")
    let program = try Program(arguments + flags, input: "a\n/prompt\n", environment: state)
    #expect(program.errors.hasPrefix(expected + "\n"))
  }

  // MARK: At a terminal

  @Test("A person edits, goes back to what was said, and ends the chat with ctrl-D")
  func terminal() throws {
    let terminal = try PseudoTerminal(arguments, environment: state)
    try terminal.wait(for: "/help")
    try terminal.wait(for: "> ")
    terminal.type("helo\u{1B}[Dl\r")
    try terminal.wait(for: "> hello\r\u{1B}[7C")
    try terminal.wait(for: "\n")
    try terminal.wait(for: "\r\u{1B}[J> ")
    terminal.type("\u{1B}[A")
    try terminal.wait(for: "> hello")
    terminal.type("\u{3}")
    terminal.type("\u{1B}[200~two\nlines\u{1B}[201~\r")
    try terminal.wait(for: "  lines")
    try terminal.wait(for: "\r\u{1B}[J> ")
    terminal.type("/st\t\r")
    try terminal.wait(for: "2 questions")
    terminal.type("\u{4}")
    #expect(terminal.finish() == 0)
    let history = try readBytes(folder.path.appending("quern/history"))
    #expect(String(decoding: history, as: UTF8.self) == "\"hello\"\n\"two\\nlines\"\n\"/stats\"\n")
  }

  @Test("What is typed while the model answers is the next message, its Enter included")
  func typedAhead() throws {
    let terminal = try PseudoTerminal(arguments, environment: state)
    try terminal.wait(for: "> ")
    terminal.type("one\r/stats\r")
    try terminal.wait(for: "1 question")
    terminal.type("/exit\r")
    #expect(terminal.finish() == 0)
  }

  @Test("A terminal whose program is asked to end is left as it was, without marks of pastes")
  func termination() throws {
    let terminal = try PseudoTerminal(arguments, environment: state)
    try terminal.wait(for: "\u{1B}[?2004h")
    try terminal.wait(for: "> ")
    terminal.terminate()
    try terminal.wait(for: "\u{1B}[?2004l")
    #expect(terminal.finish() == 128 + SIGTERM)
  }

  @Test("ctrl-C ends what is being written, never the chat")
  func interruption() throws {
    let terminal = try PseudoTerminal(arguments, environment: state)
    try terminal.wait(for: "> ")
    terminal.type("nonsense\u{3}")
    try terminal.wait(for: "nonsense")
    terminal.type("\u{3}")
    try terminal.wait(for: "/exit or ctrl-D ends the chat.")
    terminal.type("/exit\r")
    #expect(terminal.finish() == 0)
  }
}
