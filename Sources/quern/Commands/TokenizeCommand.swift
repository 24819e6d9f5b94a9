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
        quern tokenize model.gguf --decode "19556 28 905"
        quern tokenize model.gguf --chat messages.json
        quern tokenize ranks.tiktoken --pattern o200k_base "Hello, world"
      """)

  @Argument(
    help:
      "A .gguf file, a Hugging Face folder, a tokenizer.json, a .tiktoken file, or hf:ORG/NAME[:TYPE]."
  )
  var model: String

  @Argument(help: "The text; with --decode, token ids.")
  var text: String?

  @Flag(help: "Turn token ids into text.")
  var decode = false

  @Option(
    help: ArgumentHelp(
      "Render these messages with the model's chat template first.",
      discussion: "A JSON list of {\"role\": …, \"content\": …}.", valueName: "messages.json"))
  var chat: String?

  @Option(
    help: ArgumentHelp(
      "How a tiktoken file cuts text into words, where its name or folder does not say.",
      discussion:
        "One of \(TiktokenEncoding.names.joined(separator: ", ")), or a regular expression.",
      valueName: "name|regex"))
  var pattern: String?

  @Flag(name: .customLong("no-special"), help: "Add no beginning- or end-of-text tokens.")
  var noSpecial = false

  @Flag(
    name: .customLong("no-parse-special"),
    help: "Read the spelling of a special token in the text as plain text.")
  var noParseSpecial = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if chat != nil && (decode || text != nil) {
      throw ValidationError("--chat takes its text from the messages")
    }
  }

  func run() throws {
    let encoding = pattern.map { TiktokenEncoding.named($0) ?? TiktokenEncoding(pattern: $0) }
    let model = try ModelArgument.path(model, output, only: ModelArgument.tokenizerFiles)
    let tokenizer = try Tokenizer(at: FilePath(model), encoding: encoding)
    if decode {
      let ids = try Self.ids(in: try input(), below: tokenizer.vocabularyCount)
      return try report(tokenizer, ids, prompt: tokenizer.decode(ids, skipSpecial: false))
    }
    let prompt = try chat.map { try Self.render($0, with: tokenizer) } ?? input()
    // A chat template spells out the special tokens that it wants.
    let ids = tokenizer.encode(
      prompt, addSpecial: !noSpecial && chat == nil, parseSpecial: !noParseSpecial)
    try report(tokenizer, ids, prompt: prompt)
  }

  private func input() throws -> String {
    if let text { return text }
    let bytes = try FileHandle.standardInput.readToEnd() ?? Data()
    return String(decoding: bytes, as: UTF8.self)
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
    let pieces = ids.map(tokenizer.piece)
    if output.json {
      return try output.printJSON(Report(ids: ids, pieces: pieces, prompt: prompt))
    }
    if decode || chat != nil { StandardOutput.writeLine(prompt) }
    if !decode {
      let lines = zip(ids, pieces).map { "\($0)\t\($1.printable)" }
      if !lines.isEmpty { StandardOutput.writeLine(lines.joined(separator: "\n")) }
    }
  }

  private struct Report: Encodable {
    let ids: [Int32]
    let pieces: [String]
    let prompt: String
  }
}
