import ArgumentParser
import Foundation
import Inference
import SystemPackage

/// A diagnostic for comparing engines; hidden from the list of commands.
struct LogitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logits",
    abstract: "Write the logits of given token ids as little-endian F32, [token][vocabulary].",
    shouldDisplay: false)

  @Argument(help: "A .gguf file, or any part of a split one.", completion: .file())
  var model: String

  @Option(help: "A file of token ids, separated by white space.", completion: .file())
  var ids: String

  @Option(name: [.long, .customLong("output")], help: "The file to write.")
  var destination: String

  @Option(help: "Tokens of a sequence; each starts with an empty cache.")
  var sequence = 512

  @Flag(help: "Feed tokens one by one, as when generating.")
  var oneByOne = false

  @OptionGroup var cache: CacheFlags

  @Flag(help: "Replace the destination.")
  var overwrite = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if sequence < 1 { throw ValidationError("--sequence takes a number above 0") }
  }

  func run() throws {
    let text = try String(contentsOfFile: ids, encoding: .utf8)
    let tokens = try text.split(whereSeparator: \.isWhitespace).map { word in
      guard let id = Int32(word) else {
        throw Failure("'\(word)' is not a token id", path: ids)
      }
      return id
    }
    do {
      let elapsed = try ContinuousClock().measure { try write(tokens) }
      output.note("\(tokens.count) tokens in \(elapsed)")
    } catch let error as ModelError {
      throw Failure("\(error)", path: model)
    }
  }

  private func write(_ tokens: [Int32]) throws {
    let loaded = try Model(path: FilePath(model))
    var dump = LogitsDump(loaded, sequenceLength: sequence, pool: output.makePool())
    dump.oneByOne = oneByOne
    dump.cacheType = cache.type
    try dump.write(tokens, to: FilePath(destination), overwrite: overwrite)
  }
}
