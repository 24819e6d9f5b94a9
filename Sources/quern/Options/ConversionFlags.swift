import ArgumentParser
import Checkpoints
import Conversion
import Foundation
import MappedFiles
import SystemPackage
import TensorCore

/// What `convert` and `quantize` share.
struct ConversionFlags: ParsableArguments {
  @Argument(
    help: """
      A .gguf, any part of a split one, a .safetensors file, a Hugging Face folder, or hf:ORG/NAME[:TYPE].
      """, completion: .file())
  var source: String

  @Argument(
    help: """
      A name that ends in .gguf, in .safetensors or, for a folder, in /. {type} in it becomes the name of \
      the type.
      """, completion: .file())
  var destination: String

  @Flag(help: "Print what would be written, and write nothing.")
  var dryRun = false

  @Flag(help: "Replace a destination that exists.")
  var overwrite = false

  @Flag(
    inversion: .prefixedNo,
    help: "Write digests of the result's bytes into it, by which quern verify finds any damage.")
  var seal = false

  @Flag(
    help: "Let tensors of an architecture that is not known keep their names; nothing will run it.")
  var generic = false

  @Flag(help: "Accept infinities and NaNs in the source.")
  var allowNonFinite = false

  @Option(
    help: ArgumentHelp(
      "Bytes of tensors in one file, at most; splits a .gguf into NAME-00001-of-00003.gguf and so on, "
        + "a .safetensors into shards with an index. (default: 5 GB in a folder, else one file)",
      valueName: "size"),
    transform: ByteSize.init(parsing:))
  var maxShardSize: ByteSize?

  @Option(
    help: ArgumentHelp(
      "Tensors in one file, at most; splits in the same way.", valueName: "count"))
  var maxShardTensors: Int?

  @Option(
    help: ArgumentHelp(
      "Which byte of each number comes first in a .gguf: little, or big for s390x and the like.",
      valueName: "order"))
  var endian = ByteOrder.little

  /// Whether the destination asks for the name of a type.
  var namesType: Bool { destination.lowercased().contains(/\{f?type}/) }

  func validate() throws {
    if let maxShardTensors, maxShardTensors < 1 {
      throw ValidationError("--max-shard-tensors takes a number above 0, found \(maxShardTensors)")
    }
  }

  @Option(
    help: ArgumentHelp(
      "What buffers may take together, whatever the size of the model. (default: 256MiB)",
      valueName: "size"),
    transform: ByteSize.init(parsing:))
  var memory = ByteSize(byteCount: 256 << 20)

  func options(recipe: Recipe?) -> ConversionOptions {
    var options = ConversionOptions(recipe: recipe)
    options.overwrite = overwrite
    options.isSealed = seal
    options.isGeneric = generic
    options.allowNonFinite = allowNonFinite
    options.maxShardByteCount = maxShardSize?.byteCount
    options.maxShardTensorCount = maxShardTensors
    options.byteOrder = endian
    options.memoryByteCount = memory.byteCount
    return options
  }

  /// Plans, then prints the plans or carries them out.
  ///
  /// - Parameters:
  ///   - outputs: What is asked of each output.
  ///   - verb: `converting`, for the progress bar.
  func run(_ outputs: [ConversionOptions], _ output: OutputOptions, verb: String) throws {
    let source = try ModelArgument.path(source, output)
    let batch: ConversionBatch
    do {
      batch = try ConversionBatch(
        from: FilePath(source), to: outputs.map { (destination(for: $0.recipe), $0) })
    } catch let error as CheckpointError {
      guard case .unknownArchitecture = error.reason else { throw error }
      throw Failure(
        error.description, path: error.path?.string,
        advice: "--generic converts its tensors under their own names")
    }
    let reports = batch.plans.map { PlanReport($0) }
    if !dryRun, let refusal = batch.plans.lazy.compactMap(\.refusal).first { throw refusal }
    for plan in batch.plans {
      let which = batch.plans.count > 1 ? " (\(plan.result.string.printable))" : ""
      for note in plan.warnings + (plan.padding?.notes ?? []) where !dryRun || !output.json {
        output.note("note\(which): \(note)")
      }
    }
    guard !dryRun else {
      return try print(reports, seconds: nil, output, verb: "would write", showsTable: true)
    }
    let bar = ProgressBar(verb, total: batch.byteCount, enabled: !output.quiet)
    let results: [ConversionResult]
    do {
      defer { bar.finish() }
      results = try batch.execute(
        on: output.makePool(), measuresErrors: output.json || output.verbose
      ) {
        bar.update(
          $0.byteCount, kept: $0.keptByteCount,
          note: "tensor \($0.finishedTensorCount + 1) of \($0.tensorCount)")
      }
    } catch let error as FileError where error.mayPass && batch.isBegun {
      throw Failure(
        error.description, path: error.path?.string, advice: "the same command goes on from here")
    }
    let kept = results.reduce(0) { $0 + $1.keptByteCount }
    if kept > 0 {
      output.note("went on with an earlier run: \(Quantities.bytes(kept)) were done")
    }
    try print(
      results.map { PlanReport($0) }, seconds: results.first?.seconds, output, verb: "wrote",
      showsTable: output.verbose)
  }

  /// The destination with the type's name where it belongs: as it is written, or as llama.cpp's converter has it.
  private func destination(for recipe: Recipe?) -> String {
    let name = recipe?.name ?? "COPY"
    return
      destination
      .replacingOccurrences(of: "{type}", with: name)
      .replacingOccurrences(of: "{ftype}", with: name.lowercased())
      .replacingOccurrences(of: "{FTYPE}", with: name)
  }

  private func print(
    _ reports: [PlanReport], seconds: Double?, _ output: OutputOptions, verb: String,
    showsTable: Bool
  ) throws {
    guard !output.json else {
      if reports.count == 1 { return try output.printJSON(reports[0]) }
      return try output.printJSON(
        BatchReport(source: source, seconds: seconds, outputs: reports))
    }
    for report in reports {
      if showsTable { StandardOutput.writeLine(report.table) }
      output.note("\(verb) \(report.summary)")
      output.note("  \(report.sizeLine)")
    }
    if let seconds { output.note("took \(Quantities.duration(seconds))") }
  }
}

extension ByteOrder: ExpressibleByArgument {}

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
