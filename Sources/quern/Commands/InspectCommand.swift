import ArgumentParser
import Checkpoints
import Foundation
import SystemPackage
import TensorCore

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "What is in a checkpoint: metadata, tensors, types, sizes, bits per weight.",
    discussion: """
      Reads headers only, so the largest file answers at once.

      Examples:
        quern inspect model.gguf
        quern inspect model-00001-of-00003.gguf
        quern inspect Qwen2.5-0.5B/ --tensors
        quern inspect model.gguf --json | jq '.tensors[] | select(.type == "Q6_K") | .name'
      """)

  @Argument(
    help: "A .gguf, any part of a split one, a .safetensors file, or a Hugging Face folder.")
  var path: String

  @Flag(help: "List every tensor, not only the types.")
  var tensors = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let inspection = try Inspection(FilePath(path))
    if output.json { return try output.printJSON(inspection) }
    StandardOutput.writeLine(summary(of: inspection))
    if !inspection.metadata.isEmpty {
      StandardOutput.writeLine("\n" + metadataTable(inspection))
    }
    StandardOutput.writeLine("\n" + typeTable(inspection))
    if tensors || output.verbose { StandardOutput.writeLine("\n" + tensorTable(inspection)) }
  }

  private func summary(of inspection: Inspection) -> String {
    var lines = [
      "\(path.printable): \(inspection.format)\(inspection.version.map { " version \($0)" } ?? "")"
        + (inspection.architecture.map { ", \($0.printable)" } ?? "")
    ]
    let weights = Quantities.count(inspection.parameterCount)
    let bits = inspection.bitsPerWeight.formatted(.number.precision(.fractionLength(2)))
    lines.append(
      "\(inspection.tensors.count) tensors, \(weights) parameters, \(bits) bits per weight, "
        + Quantities.bytes(inspection.byteCount)
        + (inspection.fileCount == 1 ? "" : " in \(inspection.fileCount) files"))
    if let quantization = inspection.quantization {
      lines.append("quantized: \(quantization)")
    }
    return lines.joined(separator: "\n")
  }

  private func metadataTable(_ inspection: Inspection) -> String {
    var table = Table([("key", .left), ("type", .left), ("value", .left)])
    for (key, value) in inspection.metadata {
      let text = "\(value)".printable
      let limit = output.verbose ? Int.max : 72
      table.append(
        key.printable, value.typeName, text.count > limit ? text.prefix(limit - 1) + "…" : text)
    }
    return table.text
  }

  private func typeTable(_ inspection: Inspection) -> String {
    var table = Table([
      ("type", .left), ("tensors", .right), ("parameters", .right), ("size", .right),
    ])
    let groups = Dictionary(grouping: inspection.tensors, by: \.type)
      .map { ($0, $1.count, $1.reduce(0) { $0 + $1.shape.elementCount }, $1.byteSum) }
    for (type, count, elements, bytes) in groups.sorted(by: { $0.3 > $1.3 }) {
      table.append(
        type.name, "\(count)", Quantities.count(elements), Quantities.bytes(bytes))
    }
    return table.text
  }

  private func tensorTable(_ inspection: Inspection) -> String {
    var table = Table([
      ("tensor", .left), ("type", .left), ("shape", .left), ("offset", .right), ("bytes", .right),
    ])
    for tensor in inspection.tensors {
      table.append(
        tensor.name.printable, tensor.type.name, "\(tensor.shape)", "\(tensor.offset)",
        "\(tensor.byteCount)")
    }
    return table.text
  }
}

extension [Inspection.Tensor] {
  fileprivate var byteSum: Int { reduce(0) { $0 + $1.byteCount } }
}
