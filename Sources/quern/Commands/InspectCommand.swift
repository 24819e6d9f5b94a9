import ArgumentParser
import Checkpoints
import SystemPackage

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "What is in a checkpoint: metadata, tensors, types, sizes, bits per weight.",
    discussion: """
      Reads headers, and a few places of each tensor for what looks wrong, so the
      largest file answers at once. Warns of an output matrix that is the embedding
      again, of text that is cut into words by guess, of numbers that are not
      finite, and of plain floats that were quantized before.

      Examples:
        quern inspect model.gguf
        quern inspect model-00001-of-00003.gguf --layers
        quern inspect Qwen2.5-0.5B/ --tensors
        quern inspect model.gguf --scan
        quern inspect model.gguf --json | jq -r '.tensors[] | .name + " " + .type'
        quern inspect model.gguf --json | jq -r .tokenizer.chat_template
      """)

  @Argument(
    help: """
      A .gguf, any part of a split one, a .safetensors file, a Hugging Face folder, or hf:ORG/NAME[:TYPE].
      """, completion: .file())
  var path: String

  @Flag(help: "List every tensor, not only the types.")
  var tensors = false

  @Flag(help: "List the blocks of the model: sizes, and types by what they are for.")
  var layers = false

  @Flag(help: "Look at every byte for numbers that are not finite, not only at a few places.")
  var scan = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let path = try ModelArgument.path(path, output)
    let inspection = try Inspection(FilePath(path))
    let warnings = try inspection.warnings(readsAll: scan)
    if output.json {
      return try output.printJSON(InspectReport(inspection: inspection, warnings: warnings))
    }
    let tables = InspectTables(inspection, isVerbose: output.verbose)
    var parts = [tables.summary(of: path)]
    if !inspection.metadata.isEmpty { parts.append(tables.metadata) }
    parts += [tables.types, tables.roles]
    if layers { parts.append(tables.layers) }
    if tensors || output.verbose { parts.append(tables.tensors) }
    // Tables end in a line feed of their own.
    let texts = parts.map { $0.hasSuffix("\n") ? String($0.dropLast()) : $0 }
    StandardOutput.writeLine(texts.joined(separator: "\n\n"))
    for warning in warnings { output.note("warning: \(warning)") }
  }
}

/// What `--json` prints.
private struct InspectReport: Encodable {
  let inspection: Inspection
  let warnings: [String]

  private enum Key: String, CodingKey { case warnings }

  func encode(to encoder: any Encoder) throws {
    try inspection.encode(to: encoder)
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(warnings, forKey: .warnings)
  }
}
