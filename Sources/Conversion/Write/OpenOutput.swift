import Foundation
import MappedFiles

/// An output that is being written, and what is known of it so far.
///
/// One thread at a time may use it; slabs are written to its files on another.
final class OpenOutput {
  let plan: ConversionPlan
  /// In the order of `plan.files`.
  private(set) var files: [JournaledFile] = []
  var keptByteCount = 0
  /// Sums of squared differences, in the order of `plan.tensors`.
  var squaredErrors: [Double]
  private let staged: StagedOutput

  /// Claims the destination and the room for its files, and writes their headers.
  init(_ plan: ConversionPlan) throws {
    self.plan = plan
    squaredErrors = Array(repeating: 0, count: plan.tensors.count)
    staged = try StagedOutput(
      plan.destination, form: plan.form, overwrite: plan.options.overwrite)
    for file in plan.files {
      let target = try staged.open(
        file.name, byteCount: file.byteCount, identity: plan.identity(of: file))
      files.append(target)
      try file.header.withUnsafeBytes { header in
        if !header.isEmpty, !target.keeps(header.count, at: 0) { try target.write(header, at: 0) }
      }
    }
  }

  /// Brings all bytes to disk.
  func sync() throws { try staged.sync(files) }

  func commit() throws { try staged.commit(files) }

  /// Throws the unfinished work away.
  func discard() { staged.discard() }

  func result(seconds: Double, measuresErrors: Bool) -> ConversionResult {
    let errors = zip(plan.tensors, squaredErrors).map { tensor, sum in
      (sum / Double(max(1, tensor.shape.elementCount))).squareRoot()
    }
    return ConversionResult(
      plan: plan, seconds: seconds, keptByteCount: keptByteCount,
      rmsErrors: measuresErrors ? errors : [])
  }
}

extension ConversionPlan {
  /// A digest of everything that decides the bytes of a file. See Specs/journal.md.
  fileprivate func identity(of file: PlannedFile) -> Digest128 {
    var text = "\(options.slabElementCount)\n\(file.name)\n\(file.byteCount)\n"
    for tensor in file.tensors {
      text +=
        "\(tensor.name)\n\(tensor.sourceType) \(tensor.type) \(tensor.shape) \(tensor.offset) "
      text += "\(tensor.source.identity)\n"
      if let importance = tensor.importance {
        text += "\(importance.withUnsafeBytes { Digest128(of: $0) })\n"
      }
    }
    return (Array(text.utf8) + file.header).withUnsafeBytes { Digest128(of: $0) }
  }
}
