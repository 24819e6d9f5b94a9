import Conversion
import Foundation
import TensorCore

/// What `--json` prints of a plan, carried out or not.
struct PlanReport: Encodable {
  struct Tensor: Encodable {
    let name: String
    let sourceType: String
    let type: String
    let shape: [Int]
    /// Only where rows are padded.
    let sourceShape: [Int]?
    let bytes: Int
    let file: String?
    let rmsError: Double?
  }

  let source: String
  let destination: String
  let bytes: Int
  let seconds: Double?
  let keptBytes: Int?
  let bitsPerWeight: Double
  /// How many there are.
  let files: Int
  let warnings: [String]
  let padding: PaddingReport?
  /// Bytes of tensors by type.
  let sizes: [String: Int]
  let tensors: [Tensor]

  init(_ plan: ConversionPlan) { self.init(plan, nil) }

  init(_ result: ConversionResult) { self.init(result.plan, result) }

  private init(_ plan: ConversionPlan, _ result: ConversionResult?) {
    source = plan.source.string
    destination = plan.result.string
    files = plan.files.count
    bytes = plan.byteCount
    seconds = result?.seconds
    keptBytes = result?.keptByteCount
    bitsPerWeight = plan.bitsPerWeight
    warnings = plan.warnings
    padding = plan.padding.map(PaddingReport.init)
    sizes = Dictionary(plan.tensors.map { ($0.type.name, $0.byteCount) }, uniquingKeysWith: +)
    let errors = result?.rmsErrors ?? []
    let names = plan.files.flatMap { file in file.tensors.map { _ in file.name } }
    tensors = zip(plan.tensors, names).enumerated().map { index, entry in
      let (tensor, file) = entry
      return Tensor(
        name: tensor.name, sourceType: tensor.sourceType.name, type: tensor.type.name,
        shape: tensor.shape.dimensions,
        sourceShape: tensor.sourceShape == tensor.shape ? nil : tensor.sourceShape.dimensions,
        bytes: tensor.byteCount, file: file.isEmpty ? nil : file,
        rmsError: errors.isEmpty ? nil : errors[index])
    }
  }

  /// The tensors, with errors where they were measured.
  var table: String {
    let showsErrors = tensors.contains { $0.rmsError != nil }
    let error: [Table.Heading] = showsErrors ? [("rms error", .right)] : []
    var table = Table(
      [
        ("tensor", .left), ("from", .left), ("to", .left), ("shape", .left), ("bytes", .right),
      ] + error)
    for tensor in tensors {
      table.append(
        [
          tensor.name.printable, tensor.sourceType, tensor.type,
          tensor.shape.map(String.init).joined(separator: " × "), "\(tensor.bytes)",
        ] + (tensor.rmsError.map { [String(format: "%.3e", $0)] } ?? []))
    }
    return table.text
  }

  /// `model.gguf: 290 tensors, 98.4 MB, 4.91 bits per weight`
  var summary: String {
    "\(destination.printable): \(tensors.count) tensors, \(Quantities.bytes(bytes))"
      + (files > 1 ? " in \(files) files" : "")
      + ", \(String(format: "%.2f", bitsPerWeight)) bits per weight"
  }

  /// `Q4_K 689.1 MB, Q6_K 312.0 MB, F32 0.5 MB`: the largest first.
  var sizeLine: String {
    sizes.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
      .map { "\($0.key) \(Quantities.bytes($0.value))" }.joined(separator: ", ")
  }
}

/// What `--json` prints of several outputs of one read.
struct BatchReport: Encodable {
  let source: String
  let seconds: Double?
  let outputs: [PlanReport]
}
