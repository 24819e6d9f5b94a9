import ArgumentParser
import Conversion
import Foundation
import SystemPackage
import TensorCore

/// What `convert` and `quantize` share.
struct ConversionFlags: ParsableArguments {
  @Argument(
    help: "A .gguf, any part of a split one, a .safetensors file, or a Hugging Face folder.")
  var source: String

  @Argument(help: "A name that ends in .gguf, in .safetensors or, for a folder, in /.")
  var destination: String

  @Flag(help: "Print what would be written, and write nothing.")
  var dryRun = false

  @Flag(help: "Replace a destination that exists.")
  var overwrite = false

  @Flag(help: "Accept infinities and NaNs in the source.")
  var allowNonFinite = false

  @Option(
    help: ArgumentHelp(
      "Bytes of tensors in one file, at most; splits a .gguf into NAME-00001-of-00003.gguf and so on. "
        + "(default: 5 GB in a folder, one .gguf)",
      valueName: "size"),
    transform: ByteSize.init(parsing:))
  var maxShardSize: ByteSize?

  @Option(help: ArgumentHelp("Tensors in one file of a split .gguf, at most.", valueName: "count"))
  var maxShardTensors: Int?

  func validate() throws {
    if let maxShardTensors, maxShardTensors < 1 {
      throw ValidationError("--max-shard-tensors takes a number above 0, found \(maxShardTensors)")
    }
  }

  func options(recipe: Recipe?) -> ConversionOptions {
    var options = ConversionOptions(recipe: recipe)
    options.overwrite = overwrite
    options.allowNonFinite = allowNonFinite
    options.maxShardByteCount = maxShardSize?.byteCount
    options.maxShardTensorCount = maxShardTensors
    return options
  }

  /// Plans, then prints the plan or carries it out.
  ///
  /// - Parameter verb: `converting`, for the progress bar.
  func run(_ options: ConversionOptions, _ output: OutputOptions, verb: String) throws {
    let plan = try ConversionPlan(
      from: FilePath(source), to: destination, options: options)
    if output.verbose || dryRun, !output.json {
      StandardOutput.writeLine(PlanReport.table(of: plan))
    }
    for warning in plan.warnings where !dryRun || !output.json { output.note("note: \(warning)") }
    if dryRun {
      if output.json { return try output.printJSON(PlanReport(plan, seconds: nil)) }
      return output.note(PlanReport.summary(of: plan, verb: "would write"))
    }
    let bar = ProgressBar(verb, total: plan.byteCount, enabled: !output.quiet)
    let result: ConversionResult
    do {
      defer { bar.finish() }
      result = try plan.execute(on: output.makePool()) { bar.update($0.byteCount) }
    }
    if result.keptByteCount > 0 {
      output.note(
        "went on with an earlier run: \(Quantities.bytes(result.keptByteCount)) were done")
    }
    if output.json { return try output.printJSON(PlanReport(plan, seconds: result.seconds)) }
    output.note(
      PlanReport.summary(of: plan, verb: "wrote") + ", " + Quantities.duration(result.seconds))
  }
}

/// A number of bytes as people write it: `500MB`, `2G`, `1GiB`.
struct ByteSize: Sendable, CustomStringConvertible {
  let byteCount: Int

  init(byteCount: Int) { self.byteCount = byteCount }

  init(parsing text: String) throws {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(digits.count).uppercased().trimmingCharacters(in: .whitespaces)
    guard let value = Double(digits), let scale = Self.units[unit],
      let bytes = Int(exactly: (value * scale).rounded()), bytes > 0
    else { throw ValidationError("expected a size such as 500MB or 5GB, found '\(text)'") }
    byteCount = bytes
  }

  private static let units: [String: Double] = [
    "": 1, "B": 1, "K": 1e3, "KB": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9, "T": 1e12,
    "TB": 1e12, "KIB": 1024, "MIB": 1_048_576, "GIB": 1_073_741_824, "TIB": 1_099_511_627_776,
  ]

  var description: String { Quantities.bytes(byteCount).replacingOccurrences(of: ".0 ", with: "") }
}

/// What `--json` prints of a plan, carried out or not.
struct PlanReport: Encodable {
  struct Tensor: Encodable {
    let name: String
    let sourceType: String
    let type: String
    let shape: [Int]
    let bytes: Int
    let file: String?
  }

  let source: String
  let destination: String
  let bytes: Int
  let seconds: Double?
  let bitsPerWeight: Double
  let warnings: [String]
  let tensors: [Tensor]

  init(_ plan: ConversionPlan, seconds: Double?) {
    source = plan.source.string
    destination = plan.result.string
    bytes = plan.byteCount
    self.seconds = seconds
    bitsPerWeight = plan.bitsPerWeight
    warnings = plan.warnings
    tensors = plan.files.flatMap { file in
      file.tensors.map {
        Tensor(
          name: $0.name, sourceType: $0.sourceType.name, type: $0.type.name,
          shape: $0.shape.dimensions, bytes: $0.byteCount, file: file.name.isEmpty ? nil : file.name
        )
      }
    }
  }

  static func table(of plan: ConversionPlan) -> String {
    var table = Table([
      ("tensor", .left), ("from", .left), ("to", .left), ("shape", .left), ("bytes", .right),
    ])
    for tensor in plan.tensors {
      table.append(
        tensor.name.printable, tensor.sourceType.name, tensor.type.name, "\(tensor.shape)",
        "\(tensor.byteCount)")
    }
    return table.text
  }

  static func summary(of plan: ConversionPlan, verb: String) -> String {
    let bits = String(format: "%.2f", plan.bitsPerWeight)
    let files = plan.files.count > 1 ? " in \(plan.files.count) files" : ""
    return "\(verb) \(plan.result.string.printable): \(plan.tensors.count) tensors, "
      + "\(Quantities.bytes(plan.byteCount))\(files), \(bits) bits per weight"
  }
}
