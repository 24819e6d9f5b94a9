import ArgumentParser
import Checkpoints
import Foundation
import MappedFiles
import SystemPackage
import TensorCore
import Tokenizers

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Token ids and pieces of a text, and back.",
    discussion: """
      Reads standard input when no text is given.

      Examples:
        quern tokenize model.gguf "Hello, world"
        quern tokenize model.gguf --file book.txt --count
        quern tokenize model.gguf --decode "19556 28 905"
        quern tokenize model.gguf --chat messages.json
      """)

  @Argument(help: "A .gguf file, a Hugging Face folder or a tokenizer.json.")
  var model: String

  @Argument(help: "The text; with --decode, token ids.")
  var text: String?

  @Option(name: .shortAndLong, help: "Read the text, or the token ids, from this file.")
  var file: String?

  @Flag(help: "Turn token ids into text.")
  var decode = false

  @Flag(help: "Print how many tokens there are, and not which.")
  var count = false

  @Flag(
    name: .customLong("json-lines"),
    help: ArgumentHelp(
      "Each line of the input is a text of its own, as a JSON string.",
      discussion: "Prints a JSON object for each. With --decode, lines are lists of token ids."))
  var jsonLines = false

  @Option(
    help: ArgumentHelp(
      "Render these messages with the model's chat template first.",
      discussion: "A JSON list of {\"role\": …, \"content\": …}.", valueName: "messages.json"))
  var chat: String?

  @Flag(name: .customLong("no-special"), help: "Add no beginning- or end-of-text tokens.")
  var noSpecial = false

  @Flag(
    name: .customLong("no-parse-special"),
    help: "Read the spelling of a special token in the text as plain text.")
  var noParseSpecial = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if chat != nil && (decode || jsonLines || text != nil || file != nil) {
      throw ValidationError("--chat takes its text from the messages")
    }
    if text != nil && file != nil { throw ValidationError("A text and --file exclude each other") }
    if decode && count { throw ValidationError("--decode and --count exclude each other") }
  }

  func run() throws {
    let tokenizer = try Tokenizer(at: FilePath(model))
    if jsonLines { return try runLines(tokenizer) }
    if decode {
      let ids = try Self.ids(in: try input(), below: tokenizer.vocabularyCount)
      return try report(tokenizer, ids, prompt: tokenizer.decode(ids, skipSpecial: false))
    }
    let prompt = try chat.map { try Self.render($0, with: tokenizer) } ?? input()
    try report(tokenizer, encode(prompt, tokenizer), prompt: prompt)
  }

  private func encode(_ text: String, _ tokenizer: Tokenizer) -> [Int32] {
    // A chat template spells out the special tokens that it wants.
    tokenizer.encode(
      text, addSpecial: !noSpecial && chat == nil, parseSpecial: !noParseSpecial)
  }

  private func input() throws -> String {
    if let text { return text }
    return String(decoding: try inputBytes(), as: UTF8.self)
  }

  private func inputBytes() throws -> [UInt8] {
    if let text { return Array(text.utf8) }
    if let file { return try MappedFile.contents(of: FilePath(file)) }
    return Array(try FileHandle.standardInput.readToEnd() ?? Data())
  }

  // MARK: Many texts

  private func runLines(_ tokenizer: Tokenizer) throws {
    for (number, line) in try inputBytes().split(separator: 0x0A).enumerated() {
      let value: JSONValue
      do {
        value = try JSONValue(parsing: Array(line))
      } catch {
        throw Failure("line \(number + 1): \(error)", path: file)
      }
      if decode {
        guard let ids = value.array?.map({ Int32(exactly: $0.integer ?? -1) ?? -1 }),
          ids.allSatisfy({ (0..<tokenizer.vocabularyCount).contains(Int($0)) })
        else { throw Failure("line \(number + 1): expected a list of token ids", path: file) }
        try reportJSON(tokenizer, ids, prompt: tokenizer.decode(ids, skipSpecial: false))
      } else {
        guard let text = value.string else {
          throw Failure("line \(number + 1): expected a JSON string", path: file)
        }
        try reportJSON(tokenizer, encode(text, tokenizer), prompt: text)
      }
    }
  }

  /// Ids separated by spaces or commas, in brackets or not.
  private static func ids(in text: String, below count: Int) throws -> [Int32] {
    try text.split { $0.isWhitespace || ",[]".contains($0) }.map { digits in
      guard let id = Int32(digits), id >= 0, id < count else {
        throw Failure(
          "expected token ids from 0 to \(count - 1), found \(String(digits).printable)")
      }
      return id
    }
  }

  private static func render(_ path: String, with tokenizer: Tokenizer) throws -> String {
    let bytes = try MappedFile.contents(of: FilePath(path))
    let list: JSONValue
    do {
      list = try JSONValue(parsing: bytes)
    } catch {
      throw Failure("\(error)", path: path)
    }
    let messages = (list.array ?? []).compactMap(ChatMessage.init(json:))
    guard let count = list.array?.count, count == messages.count else {
      throw Failure(
        "expected a list of messages, each with role and content", path: path,
        advice: #"[{"role": "user", "content": "Hello"}]"#)
    }
    return try tokenizer.makeChatTemplate().render(
      messages: messages, addGenerationPrompt: true, variables: tokenizer.templateVariables)
  }

  private func report(_ tokenizer: Tokenizer, _ ids: [Int32], prompt: String) throws {
    if output.json { return try reportJSON(tokenizer, ids, prompt: prompt) }
    if decode || chat != nil && !count { StandardOutput.writeLine(prompt) }
    if count {
      StandardOutput.writeLine("\(ids.count)")
    } else if !decode {
      let lines = ids.map { "\($0)\t\(tokenizer.piece($0).printable)" }
      if !lines.isEmpty { StandardOutput.writeLine(lines.joined(separator: "\n")) }
    }
  }

  private func reportJSON(_ tokenizer: Tokenizer, _ ids: [Int32], prompt: String) throws {
    try output.printJSON(
      Report(
        ids: count ? nil : ids, pieces: count ? nil : ids.map(tokenizer.piece),
        prompt: count ? nil : prompt, count: ids.count))
  }

  private struct Report: Encodable {
    let ids: [Int32]?
    let pieces: [String]?
    let prompt: String?
    let count: Int
  }
}
