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
  /// Memory does not grow with the model. The destination appears when it is whole.
  ///
  /// - Parameter progress: Called on the calling thread after every slab.
  /// - Throws: ``ConversionError``, or `FileError` when reading or writing fails.
  public func execute(
    on pool: WorkerPool, progress: (ConversionProgress) -> Void = { _ in }
  ) throws -> ConversionResult {
    let start = DispatchTime.now().uptimeNanoseconds
    var done = 0
    let total = byteCount
    let widest = tensors.map(\.shape.columns).max() ?? 1
    let encoder = SlabEncoder(
      pool: pool, columns: widest, allowNonFinite: options.allowNonFinite)
    defer { encoder.deallocate() }
    func write(_ file: PlannedFile, to path: FilePath, overwrite: Bool) throws {
      let writer = try AtomicFileWriter(path, byteCount: file.byteCount, overwrite: overwrite)
      try writer.write(file.header, at: 0)
      try stream(file, into: writer, encoder) { tensor, count in
        done += count
        progress(
          ConversionProgress(tensor: tensor, byteCount: done, totalByteCount: total))
      }
      try writer.commit()
    }
    if isFolder {
      let folder = try AtomicFolder(destination, overwrite: options.overwrite)
      for file in files {
        try write(file, to: folder.temporary.appending(file.name), overwrite: false)
      }
      try folder.commit()
    } else {
      for file in files { try write(file, to: destination, overwrite: options.overwrite) }
    }
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    return ConversionResult(plan: self, seconds: seconds)
  }

  private func stream(
    _ file: PlannedFile, into writer: AtomicFileWriter, _ encoder: SlabEncoder,
    wrote: (String, Int) -> Void
  ) throws {
    let largestRow = file.tensors.map(\.rowByteCount).max() ?? 0
    let slabs = SlabWriter(writer, slabByteCount: max(Self.slabByteCount, largestRow))
    do {
      for tensor in file.tensors where tensor.byteCount > 0 {
        let reader = RowReader(tensor.source, type: tensor.sourceType, shape: tensor.shape)
        try reader.checkUnchanged()
        let slabRows = max(1, Self.slabByteCount / tensor.rowByteCount)
        for first in stride(from: 0, to: reader.rowCount, by: slabRows) {
          let rows = first..<min(first + slabRows, reader.rowCount)
          reader.prefetch(rows.upperBound..<min(rows.upperBound + slabRows, reader.rowCount))
          let byteCount = rows.count * tensor.rowByteCount
          try slabs.write(byteCount, at: tensor.offset + first * tensor.rowByteCount) { buffer in
            try encoder.encode(rows, of: tensor, reader, into: buffer)
          }
          reader.release(rows)
          wrote(tensor.name, byteCount)
        }
      }
    } catch {
      try? slabs.finish()
      throw (error as? ConversionError)?.located(in: source) ?? error
    }
    try slabs.finish()
  }
}

extension PlannedTensor {
  /// Bytes of one row of the result.
  fileprivate var rowByteCount: Int { shape.rows == 0 ? 0 : byteCount / shape.rows }
}

extension ConversionError {
  /// The same error, said of the file at `path`.
  func located(in path: FilePath) -> Self {
    ConversionError(reason, path: self.path ?? path, tensor: tensor)
  }
}
