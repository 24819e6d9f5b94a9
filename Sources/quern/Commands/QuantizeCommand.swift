import ArgumentParser
import Conversion
import MappedFiles
import SystemPackage
import TensorCore

struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Fewer bits a weight, in one pass from any checkpoint to a GGUF.",
    discussion: """
      Each tensor gets the type that llama.cpp's mixture of the same name gives it,
      and the same bytes. (IQ1_M has those of libgguf: newer llama.cpp sums in
      another order.) Plain casts keep the order of the source.

      Examples:
        quern quantize Qwen2.5-0.5B-Instruct/ qwen.gguf --type Q4_K_M
        quern quantize hf:Qwen/Qwen2.5-0.5B-Instruct qwen.gguf --type Q4_K_M
        quern quantize model-bf16.gguf model-q8.gguf --type Q8_0 --dry-run
        quern quantize model/ model-{type}.gguf --type Q4_K_M --type Q8_0

      \(Mixture.list)
      """)

  @OptionGroup var flags: ConversionFlags

  @Option(
    help: ArgumentHelp(
      "The mixture: one of the types above, or llama.cpp's number of it; several are made in one read.",
      valueName: "type"),
    completion: .list(Recipe.table.map(\.name)), transform: Mixture.init(parsing:))
  var type: [Mixture]

  @Flag(help: "Give every matrix the same type, without llama.cpp's exceptions.")
  var pure = false

  @Option(
    help: ArgumentHelp(
      "A type for the tensors whose names this finds; may be repeated, the first that finds decides.",
      valueName: "regex=type"),
    transform: TypeRule.init(parsing:))
  var tensorType: [TypeRule] = []

  @Option(
    help: ArgumentHelp("A file of such rules, separated by white space.", valueName: "file"))
  var tensorTypeFile: String?

  @Option(
    help: ArgumentHelp("The type of the output matrix.", valueName: "type"),
    transform: TypeRule.type)
  var outputType: TensorType?

  @Option(
    help: ArgumentHelp("The type of the token embedding.", valueName: "type"),
    transform: TypeRule.type)
  var embeddingType: TensorType?

  @Option(
    help: ArgumentHelp(
      "Leave the tensors whose names this finds as they are; may be repeated.", valueName: "regex"),
    transform: TypeRule.pattern)
  var exclude: [TensorPattern] = []

  @Option(
    help: ArgumentHelp(
      "An importance matrix of llama.cpp, as GGUF or .dat.", valueName: "file"),
    completion: .file())
  var imatrix: String?

  @Flag(
    help: "Fill feed-forward rows up with zeros to blocks of 256; the model computes the same.")
  var padRows = false

  @Flag(help: "Quantize again what is quantized already, from its decoded values.")
  var allowRequantize = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if type.count > 1, !flags.namesType {
      throw ValidationError(
        "several types need a destination with {type} in it, such as model-{type}.gguf")
    }
  }

  func run() throws {
    let shared = try sharedOptions()
    try flags.run(
      type.map { mixture in
        var options = shared
        options.recipe = mixture.recipe
        return options
      }, output, verb: "quantizing")
  }

  /// What is asked whatever the type.
  private func sharedOptions() throws -> ConversionOptions {
    var options = flags.options(recipe: nil)
    options.isPure = pure
    options.allowRequantize = allowRequantize
    options.padsRows = padRows
    options.typeOverrides = try (tensorType + rulesOfFile()).map(\.override)
    options.outputType = outputType
    options.embeddingType = embeddingType
    options.excluded = exclude
    options.importance = try imatrix.map { try ImportanceMatrix(FilePath($0)) }
    return options
  }

  private func rulesOfFile() throws -> [TypeRule] {
    guard let tensorTypeFile else { return [] }
    let bytes = try MappedFile.contents(of: FilePath(tensorTypeFile))
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    do {
      return try words.map { try TypeRule(parsing: String($0)) }
    } catch let error as ValidationError {
      throw Failure(error.message, path: tensorTypeFile)
    }
  }
}
