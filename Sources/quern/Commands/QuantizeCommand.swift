import ArgumentParser
import Conversion
import SystemPackage

struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Fewer bits a weight, in one pass from any checkpoint to a GGUF.",
    discussion: """
      Each tensor gets the type that llama.cpp's mixture of the same name gives it, and the same
      bytes.

      Examples:
        quern quantize Qwen2.5-0.5B-Instruct/ qwen.gguf --type Q4_K_M
        quern quantize model-bf16.gguf model-q8.gguf --type Q8_0 --dry-run
      """)

  @OptionGroup var flags: ConversionFlags

  @Option(
    help: ArgumentHelp(
      "The mixture: Q4_K_M, Q4_K_S, Q5_K_M, Q6_K, Q8_0, Q4_0, …", valueName: "type"),
    transform: QuantizeCommand.recipe)
  var type: Recipe

  @Flag(help: "Give every matrix the same type, without llama.cpp's exceptions.")
  var pure = false

  @Option(
    help: ArgumentHelp(
      "An importance matrix of llama.cpp, as GGUF or .dat.", valueName: "file"))
  var imatrix: String?

  @Flag(help: "Quantize again what is quantized already, from its decoded values.")
  var allowRequantize = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    var options = flags.options(recipe: type)
    options.isPure = pure
    options.allowRequantize = allowRequantize
    options.importance = try imatrix.map { try ImportanceMatrix(FilePath($0)) }
    try flags.run(options, output, verb: "quantizing")
  }

  static func recipe(_ name: String) throws -> Recipe {
    guard let recipe = Recipe(named: name) else {
      let names = Recipe.table.map(\.name).joined(separator: ", ")
      throw ValidationError("no type is called '\(name)'; there are \(names)")
    }
    return recipe
  }
}
