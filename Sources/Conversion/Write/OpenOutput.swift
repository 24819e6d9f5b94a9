import Foundation
import Integrity
import MappedFiles

/// An output that is being written, and what is known of it so far.
///
/// One thread at a time may use it; slabs are written to its files on another.
final class OpenOutput {
  let plan: ConversionPlan
  /// In the order of `plan.files`.
  private(set) var files: [JournaledFile] = []
  /// Of each file; `nil` for one that is not sealed.
  private(set) var digests: [ChunkDigests?] = []
  var keptByteCount = 0
  /// Whether there is anything that a later run could keep.
  var isBegun = false
  /// Sums of squared differences, in the order of `plan.tensors`.
  var squaredErrors: [Double]
  private let staged: StagedOutput

  /// Claims the destination and the room for its files, and writes their headers but for those that are sealed.
  init(_ plan: ConversionPlan) throws {
    self.plan = plan
    squaredErrors = Array(repeating: 0, count: plan.tensors.count)
    staged = try StagedOutput(
      plan.destination, form: plan.form, overwrite: plan.options.overwrite)
    do {
      for file in plan.files { try open(file) }
    } catch {
      abandon()
      throw error
    }
  }

  private func open(_ file: PlannedFile) throws {
    let target = try staged.open(
      file.name, byteCount: file.byteCount, identity: plan.identity(of: file))
    files.append(target)
    digests.append(file.chunks.map(ChunkDigests.init))
    isBegun = isBegun || target.hasEarlierWork
    guard file.chunks == nil else { return }
    try file.header.withUnsafeBytes { header in
      if !header.isEmpty, !target.keeps(header.count, at: 0) { try target.write(header, at: 0) }
    }
  }

  /// Seals what is to be sealed, when all tensors are written, and brings all bytes to disk.
  func sync() throws {
    for index in files.indices { try seal(index) }
    try staged.sync(files)
  }

  private func seal(_ index: Int) throws {
    guard let digests = digests[index] else { return }
    guard let chunks = digests.all else {
      preconditionFailure("a file is sealed when its tensors are written")
    }
    var header = plan.files[index].header
    let sealed = try header.withUnsafeBytes { try SealedHeader(parsing: $0) }
    sealed.complete(&header, with: chunks)
    precondition(header.count == plan.files[index].header.count, "a seal has the length it had")
    try header.withUnsafeBytes { try files[index].write($0, at: 0) }
  }

  func commit() throws { try staged.commit(files) }

  /// Throws the unfinished work away.
  func discard() { staged.discard() }

  /// Leaves what a later run can go on with, and gives the room back when that is nothing.
  func abandon() { if !isBegun { discard() } }

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
  /// Size and time of modification of the running program: another build may encode otherwise.
  private static let program: String = {
    let path = Bundle.main.executablePath ?? ""
    let attributes = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
    let time = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(attributes[.size] as? Int ?? 0) \(time)"
  }()

  /// A digest of everything that decides the bytes of a file. See Specs/journal.md.
  fileprivate func identity(of file: PlannedFile) -> Digest128 {
    var text = "\(Self.program)\n\(options.slabElementCount) \(options.allowNonFinite)\n"
    text += "\(file.name)\n\(file.byteCount)\n"
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
