import ArgumentParser
import Conversion

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Another container with the same numbers, or a plain float cast.",
    discussion: """
      Examples:
        quern convert Qwen2.5-0.5B-Instruct/ qwen.gguf
        quern convert hf:Qwen/Qwen2.5-0.5B-Instruct qwen.gguf
        quern convert model.gguf folder/ --type bf16
        quern convert model.gguf folder/ --max-shard-size 2GB --dry-run
        quern convert model.gguf parts.gguf --max-shard-size 2GB
        quern convert parts-00001-of-00003.gguf merged.gguf
        quern convert model.safetensors parts.safetensors --max-shard-size 2GB
        quern convert parts.safetensors.index.json merged.safetensors
        quern convert model.gguf model-s390x.gguf --endian big
      """)

  @OptionGroup var flags: ConversionFlags

  @Option(
    help: ArgumentHelp(
      "Cast matrices to F32, F16 or BF16. (default: types stay as they are)", valueName: "type"),
    completion: .list(["F32", "F16", "BF16"]), transform: ConvertCommand.floatRecipe)
  var type: Recipe?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if flags.namesType, type == nil {
      throw ValidationError("{type} in the destination needs --type")
    }
  }

  func run() throws {
    try flags.run([flags.options(recipe: type)], output, verb: "converting")
  }

  private static func floatRecipe(_ name: String) throws -> Recipe {
    let recipe = try Mixture.recipe(name)
    guard !recipe.isQuantized else {
      throw ValidationError("convert casts to F32, F16 or BF16; for \(recipe.name) use quantize")
    }
    return recipe
  }
}
