import ArgumentParser
import Foundation
import MappedFiles
import SystemPackage
import Tokenizers

/// A conversation that a chat template makes a prompt of.
struct ChatFlags: ParsableArguments {
  @Option(
    name: .customLong("chat"),
    help: ArgumentHelp(
      "Render these messages with the model's chat template first.",
      discussion: """
        A JSON list of {"role": …, "content": …}, or an object with the list as "messages" and what else the template
        is to know: "tools", "documents", "add_generation_prompt", "enable_thinking"… - reads standard input.
        """, valueName: "messages.json"))
  var messages: String?

  @Option(
    help: ArgumentHelp(
      "Functions that the model may call: a JSON list of their descriptions.",
      valueName: "tools.json"))
  var tools: String?

  @Option(
    name: .customLong("template"),
    help: ArgumentHelp("A Jinja template to use instead of the model's own.", valueName: "file"))
  var template: String?

  @Flag(
    name: .customLong("no-generation-prompt"),
    help: "Do not end with what precedes an answer of the assistant.")
  var noGenerationPrompt = false

  @Option(
    name: .customLong("variable"),
    help: ArgumentHelp(
      "What else the template may ask for, as enable_thinking=false; what is no JSON is text.",
      valueName: "name=json"))
  var variables: [String] = []

  var isGiven: Bool { messages != nil }

  func validate() throws {
    guard messages == nil else {
      for variable in variables where !variable.contains("=") {
        throw ValidationError("--variable takes NAME=JSON, found \(variable)")
      }
      return
    }
    let others = [
      ("--tools", tools != nil), ("--template", template != nil),
      ("--no-generation-prompt", noGenerationPrompt), ("--variable", !variables.isEmpty),
    ]
    if let other = others.first(where: { $0.1 }) {
      throw ValidationError("\(other.0) goes with --chat")
    }
  }

  /// The prompt for the conversation.
  func prompt(with tokenizer: Tokenizer) throws -> String {
    guard let messages else { return "" }
    var all = tokenizer.templateVariables
    all["add_generation_prompt"] = .bool(true)
    all.merge(try Self.conversation(messages)) { $1 }
    if let tools {
      let list = try Self.json(tools)
      guard list.array != nil else {
        throw Failure("expected a list of descriptions of functions", path: tools)
      }
      all["tools"] = list
    }
    for variable in variables {
      let halves = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let text = String(halves[1])
      all[String(halves[0])] = (try? JSONValue(parsing: Array(text.utf8))) ?? .string(text)
    }
    if noGenerationPrompt { all["add_generation_prompt"] = .bool(false) }
    return try chatTemplate(of: tokenizer).render(variables: all)
  }

  private func chatTemplate(of tokenizer: Tokenizer) throws -> ChatTemplate {
    guard let template else { return try tokenizer.makeChatTemplate() }
    let bytes = try MappedFile.contents(of: FilePath(template))
    return try ChatTemplate(String(decoding: bytes, as: UTF8.self))
  }

  /// The variables of a file with messages, which may be all of it.
  private static func conversation(_ path: String) throws -> [String: JSONValue] {
    let value = try json(path)
    var all: [String: JSONValue] = [:]
    if value.array != nil {
      all["messages"] = value
    } else {
      for member in value.object ?? [] {
        // As servers of the chat APIs take them.
        guard member.key == "chat_template_kwargs", let more = member.value.object else {
          all[member.key] = member.value
          continue
        }
        for variable in more { all[variable.key] = variable.value }
      }
    }
    guard let list = all["messages"]?.array, list.allSatisfy({ $0.object != nil }) else {
      throw Failure(
        "expected a list of messages, or an object with one", path: path,
        advice: #"[{"role": "user", "content": "Hello"}]"#)
    }
    return all
  }

  private static func json(_ path: String) throws -> JSONValue {
    let bytes =
      path == "-"
      ? Array(try FileHandle.standardInput.readToEnd() ?? Data())
      : try MappedFile.contents(of: FilePath(path))
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw Failure("\(error)", path: path)
    }
  }
}
