import BlockQuant
import Checkpoints
import TensorCore
import Workers

/// Turns rows of a source into bytes of the result, on all workers.
struct SlabEncoder {
  private let pool: WorkerPool
  private let allowNonFinite: Bool
  /// One buffer of decoded values a worker.
  private let scratch: [UnsafeMutableBufferPointer<Float>]

  /// Decoded values that a worker holds at a time: they stay in its second-level cache.
  private static let scratchCount = 64 << 10

  /// - Parameter columns: Elements of the widest row to come.
  init(pool: WorkerPool, columns: Int, allowNonFinite: Bool) {
    self.pool = pool
    self.allowNonFinite = allowNonFinite
    let count = max(Self.scratchCount, columns)
    scratch = (0..<pool.workerCount).map { _ in .allocate(capacity: count) }
  }

  /// Call when no more rows will come.
  func deallocate() { for buffer in scratch { buffer.deallocate() } }

  /// Encodes `rows` of a tensor.
  ///
  /// - Parameters:
  ///   - output: Receives exactly the bytes of these rows in `tensor.type`.
  /// - Throws: ``ConversionError`` with `.nonFinite` for the first such value of a chunk.
  func encode(
    _ rows: Range<Int>, of tensor: PlannedTensor, _ reader: RowReader,
    into output: UnsafeMutableRawBufferPointer
  ) throws {
    guard !rows.isEmpty, reader.columns > 0 else { return }
    let rowByteCount = output.count / rows.count
    let target = SharedBytes(output)
    let chunk = max(1, Self.scratchCount / reader.columns)
    guard tensor.type != tensor.sourceType else {
      return pool.forEachChunk(of: rows.count, chunk: chunk) { (range: Range<Int>, _: Int) in
        reader.copy(rows.shifted(range), into: target[range, rowByteCount])
      }
    }
    guard let codec = BlockCodec(tensor.type) else {
      throw ConversionError(.cannotEncode(tensor.type), tensor: tensor.name)
    }
    try pool.forEachChunk(of: rows.count, chunk: chunk) { range, worker throws in
      let values = UnsafeMutableBufferPointer(
        rebasing: scratch[worker][0..<range.count * reader.columns])
      let sourceRows = rows.shifted(range)
      reader.decode(sourceRows, into: values)
      if !allowNonFinite, let index = firstNonFinite(values) {
        let place = sourceRows.lowerBound * reader.columns + index
        throw ConversionError(
          .nonFinite(value: values[index], index: reader.sourceIndex(of: place) ?? place),
          tensor: tensor.name)
      }
      encode(
        values, sourceRows, of: tensor, codec, into: target[range, rowByteCount],
        rowByteCount: rowByteCount)
    }
  }

  /// Encodes decoded rows, those of one matrix at a time: each has its own weights of columns.
  private func encode(
    _ values: UnsafeMutableBufferPointer<Float>, _ rows: Range<Int>, of tensor: PlannedTensor,
    _ codec: BlockCodec, into output: UnsafeMutableRawBufferPointer, rowByteCount: Int
  ) {
    let columns = tensor.columnCount
    guard let importance = tensor.importance else {
      return codec.encode(
        UnsafeBufferPointer(values), rows: rows.count, columns: columns, into: output)
    }
    let matrixRows = tensor.rowCount / (importance.count / columns)
    var first = rows.lowerBound
    while first < rows.upperBound {
      let matrix = first / matrixRows
      let end = min(rows.upperBound, (matrix + 1) * matrixRows)
      let part = first - rows.lowerBound..<end - rows.lowerBound
      importance.withUnsafeBufferPointer { importance in
        codec.encode(
          UnsafeBufferPointer(
            rebasing: values[part.lowerBound * columns..<part.upperBound * columns]),
          rows: part.count, columns: columns,
          importance: UnsafeBufferPointer(
            rebasing: importance[matrix * columns..<(matrix + 1) * columns]),
          into: UnsafeMutableRawBufferPointer(
            rebasing: output[part.lowerBound * rowByteCount..<part.upperBound * rowByteCount]))
      }
      first = end
    }
  }
}

extension Range<Int> {
  /// The part of this range that lies `part` from its start.
  fileprivate func shifted(_ part: Range<Int>) -> Range<Int> {
    lowerBound + part.lowerBound..<lowerBound + part.upperBound
  }
}

/// Output bytes that workers fill row by row, each its own.
private struct SharedBytes: @unchecked Sendable {
  // Workers write disjoint rows, and the loop that hands them out ends before the buffer does.
  private let bytes: UnsafeMutableRawBufferPointer

  init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

  subscript(rows: Range<Int>, rowByteCount: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(
      rebasing: bytes[rows.lowerBound * rowByteCount..<rows.upperBound * rowByteCount])
  }
}

/// The position of the first infinity or NaN.
private func firstNonFinite(_ values: UnsafeMutableBufferPointer<Float>) -> Int? {
  // One pass without branches finds that all is well, which is nearly always.
  var largest: UInt32 = 0
  for value in values { largest = max(largest, value.bitPattern & 0x7FFF_FFFF) }
  guard largest >= 0x7F80_0000 else { return nil }
  return values.firstIndex { !$0.isFinite }
}
