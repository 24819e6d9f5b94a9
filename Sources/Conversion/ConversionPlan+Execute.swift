import BlockQuant
import Checkpoints
import Foundation
import MappedFiles
import SystemPackage
import TensorCore
public import Workers

/// What a finished conversion did.
public struct ConversionResult: Sendable {
  public let plan: ConversionPlan
  /// Wall time.
  public let seconds: Double
  /// Bytes that an earlier, interrupted run had finished.
  public let keptByteCount: Int
}

/// Where a conversion stands.
public struct ConversionProgress: Sendable {
  /// The tensor that is being written.
  public let tensor: String
  /// Bytes of the result that are done.
  public let byteCount: Int
  public let totalByteCount: Int
}

extension ConversionPlan {
  /// Bytes that are encoded and written at a time.
  private static let slabByteCount = 8 << 20

  /// Carries the plan out: reads, encodes and writes slab by slab.
  ///
  /// Memory does not grow with the model. The destination appears when it is whole; after a kill or an
  /// error of the file system the same plan goes on where it was.
  ///
  /// - Parameter progress: Called on the calling thread after every slab.
  /// - Throws: ``ConversionError``, or `FileError` when reading or writing fails.
  public func execute(
    on pool: WorkerPool, progress: (ConversionProgress) -> Void = { _ in }
  ) throws -> ConversionResult {
    let start = DispatchTime.now().uptimeNanoseconds
    let output = try StagedOutput(destination, form: form, overwrite: options.overwrite)
    var keptByteCount = 0
    do {
      keptByteCount = try write(to: output, pool, progress)
    } catch {
      // What the file system refused may go better next time; what the source holds will not.
      if !(error is FileError) { output.discard() }
      throw (error as? ConversionError)?.located(in: source) ?? error
    }
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    return ConversionResult(plan: self, seconds: seconds, keptByteCount: keptByteCount)
  }

  /// - Returns: Bytes that an earlier run had finished.
  private func write(
    to output: StagedOutput, _ pool: WorkerPool, _ progress: (ConversionProgress) -> Void
  ) throws -> Int {
    let widest = tensors.map(\.shape.columns).max() ?? 1
    let encoder = SlabEncoder(
      pool: pool, columns: widest, allowNonFinite: options.allowNonFinite)
    defer { encoder.deallocate() }
    let total = byteCount
    var done = 0
    var kept = 0
    var opened: [JournaledFile] = []
    for file in files {
      let target = try output.open(
        file.name, byteCount: file.byteCount, identity: identity(of: file))
      opened.append(target)
      try file.header.withUnsafeBytes { header in
        if !header.isEmpty, !target.keeps(header.count, at: 0) { try target.write(header, at: 0) }
      }
      try stream(file, into: target, encoder) { tensor, byteCount, wasKept in
        done += byteCount
        if wasKept { kept += byteCount }
        progress(
          ConversionProgress(tensor: tensor, byteCount: done, totalByteCount: total))
      }
      try target.finish()
    }
    try output.commit(opened)
    return kept
  }

  private func stream(
    _ file: PlannedFile, into target: JournaledFile, _ encoder: SlabEncoder,
    finished: (_ tensor: String, _ byteCount: Int, _ wasKept: Bool) -> Void
  ) throws {
    let largestRow = file.tensors.map(\.rowByteCount).max() ?? 0
    let slabs = SlabWriter(target, slabByteCount: max(Self.slabByteCount, largestRow))
    do {
      for tensor in file.tensors where tensor.byteCount > 0 {
        let reader = RowReader(tensor)
        let slabRows = max(1, Self.slabByteCount / tensor.rowByteCount)
        for first in stride(from: 0, to: reader.rowCount, by: slabRows) {
          let rows = first..<min(first + slabRows, reader.rowCount)
          let byteCount = rows.count * tensor.rowByteCount
          let offset = tensor.offset + first * tensor.rowByteCount
          let isKept = target.keeps(byteCount, at: offset)
          if !isKept {
            try reader.checkUnchanged()
            reader.prefetch(rows.upperBound..<min(rows.upperBound + slabRows, reader.rowCount))
            try slabs.write(byteCount, at: offset) { buffer in
              try encoder.encode(rows, of: tensor, reader, into: buffer)
            }
            reader.release(rows)
          }
          finished(tensor.name, byteCount, isKept)
        }
        try reader.checkUnchanged()
      }
    } catch {
      try? slabs.finish()
      throw error
    }
    try slabs.finish()
  }

  /// A digest of everything that decides the bytes of a file. See Specs/journal.md.
  private func identity(of file: PlannedFile) -> Digest128 {
    var text = "\(Self.slabByteCount)\n\(file.name)\n\(file.byteCount)\n"
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

extension PlannedTensor {
  /// Bytes of one row of the result.
  fileprivate var rowByteCount: Int { rowCount == 0 ? 0 : byteCount / rowCount }
}

extension ConversionError {
  /// The same error, said of the file at `path`.
  func located(in path: FilePath) -> Self {
    ConversionError(reason, path: self.path ?? path, tensor: tensor)
  }
}
