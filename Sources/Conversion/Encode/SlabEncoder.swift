import BlockQuant
import Checkpoints
import TensorCore
import Workers

/// Turns rows of a source into bytes of the results, on all workers.
struct SlabEncoder {
  /// Rows of one tensor of a result, to be filled.
  struct Target: @unchecked Sendable {
    // Workers write disjoint rows, and the loop that hands them out ends before the buffer does.
    let tensor: PlannedTensor
    /// Exactly the bytes of the rows.
    let bytes: UnsafeMutableRawBufferPointer
    /// Whether infinities and NaNs are taken as they are.
    let allowsNonFinite: Bool

    /// The bytes of `part` of the rows.
    fileprivate func bytes(of part: Range<Int>) -> UnsafeMutableRawBufferPointer {
      let size = tensor.rowByteCount
      return UnsafeMutableRawBufferPointer(
        rebasing: bytes[part.lowerBound * size..<part.upperBound * size])
    }
  }

  private let pool: WorkerPool
  private let measuresErrors: Bool
  private let scratch: [Scratch]

  /// What one worker works in.
  private struct Scratch: @unchecked Sendable {
    // Each worker has its own.
    let decoded: UnsafeMutableBufferPointer<Float>
    /// What encoded rows decode to.
    let again: UnsafeMutableBufferPointer<Float>
  }

  /// Decoded values that a worker holds at a time: they stay in its second-level cache.
  private static let scratchCount = PlannedTensor.longestRow

  /// - Parameter tasks: All that will be encoded.
  init(pool: WorkerPool, tasks: [TensorTask], measuresErrors: Bool) {
    self.pool = pool
    self.measuresErrors = measuresErrors
    let count = max(Self.scratchCount, tasks.map(\.reader.columns).max() ?? 0)
    scratch = (0..<pool.workerCount).map { _ in
      Scratch(
        decoded: .allocate(capacity: count),
        again: .allocate(capacity: count))
    }
  }

  /// Call when no more rows will come.
  func deallocate() {
    for scratch in scratch {
      scratch.decoded.deallocate()
      scratch.again.deallocate()
    }
  }

  /// Encodes `rows` of a tensor for every target.
  ///
  /// - Returns: The sum of squared errors of these rows, a target each; the same for any number of workers,
  ///   and 0 where errors are not measured.
  /// - Throws: ``ConversionError`` with `.nonFinite` or `.overflow` for the first such value of a chunk.
  func encode(
    _ rows: Range<Int>, _ reader: RowReader, into targets: [Target]
  ) throws -> [Double] {
    guard !rows.isEmpty, reader.columns > 0 else { return targets.map { _ in 0 } }
    let works = try targets.map { try TargetWork($0, reader) }
    let needsValues = works.contains {
      $0.codec != nil || reader.type.isPlainFloat && !$0.target.allowsNonFinite
    }
    let chunk = max(1, Self.scratchCount / reader.columns)
    let errors = ChunkErrors(chunks: (rows.count + chunk - 1) / chunk, targets: targets.count)
    defer { errors.deallocate() }
    try pool.forEachChunk(of: rows.count, chunk: chunk) { range, worker throws in
      let sourceRows = rows.shifted(range)
      let room = UnsafeMutableBufferPointer(
        rebasing: scratch[worker].decoded[0..<range.count * reader.columns])
      let decoded = needsValues ? DecodedRows(sourceRows, of: reader, into: room) : nil
      for (place, work) in works.enumerated() {
        let (tensor, bytes) = (work.target.tensor, work.target.bytes(of: range))
        if !work.target.allowsNonFinite { try decoded?.check(for: tensor) }
        // Turned when everything else was looked at.
        defer { if tensor.byteOrder == .big { tensor.type.swapWords(in: bytes) } }
        guard let codec = work.codec, let decoded else {
          reader.copy(sourceRows, into: bytes)
          continue
        }
        codec.encode(decoded.values, sourceRows, of: tensor, into: bytes)
        let encoded = UnsafeRawBufferPointer(bytes)
        if !work.target.allowsNonFinite {
          try decoded.check(encoded, codec, for: tensor, again: scratch[worker].again)
        }
        if measuresErrors {
          errors[range.lowerBound / chunk, place] =
            squaredError(of: encoded, codec, decoded.values, worker)
        }
      }
    }
    return targets.indices.map(errors.sum(of:))
  }

  /// The sum of squared errors of rows that were encoded before; 0 where errors are not measured.
  func squaredError(
    of encoded: [UInt8], _ rows: Range<Int>, _ tensor: PlannedTensor, _ reader: RowReader
  ) -> Double {
    guard measuresErrors, tensor.type != tensor.sourceType, reader.columns > 0,
      let codec = BlockCodec(tensor.type)
    else { return 0 }
    var encoded = encoded
    if tensor.byteOrder == .big { encoded.withUnsafeMutableBytes(tensor.type.swapWords) }
    let chunk = max(1, Self.scratchCount / reader.columns)
    let errors = ChunkErrors(chunks: (rows.count + chunk - 1) / chunk, targets: 1)
    defer { errors.deallocate() }
    pool.forEachChunk(of: rows.count, chunk: chunk) { (range: Range<Int>, worker: Int) in
      let values = UnsafeMutableBufferPointer(
        rebasing: scratch[worker].decoded[0..<range.count * reader.columns])
      reader.decode(rows.shifted(range), into: values)
      encoded.withUnsafeBytes {
        let size = tensor.rowByteCount
        let part = UnsafeRawBufferPointer(
          rebasing: $0[range.lowerBound * size..<range.upperBound * size])
        errors[range.lowerBound / chunk, 0] = squaredError(of: part, codec, values, worker)
      }
    }
    return errors.sum(of: 0)
  }

  private func squaredError(
    of encoded: UnsafeRawBufferPointer, _ codec: BlockCodec,
    _ values: UnsafeMutableBufferPointer<Float>, _ worker: Int
  ) -> Double {
    let again = UnsafeMutableBufferPointer(rebasing: scratch[worker].again[0..<values.count])
    codec.decode(encoded, into: again)
    return sumOfSquaredDifferences(UnsafeBufferPointer(again), UnsafeBufferPointer(values))
  }
}

/// What is done for one target.
private struct TargetWork: Sendable {
  let target: SlabEncoder.Target
  /// `nil` where the source's bytes are copied.
  let codec: BlockCodec?

  init(_ target: SlabEncoder.Target, _ reader: RowReader) throws(ConversionError) {
    let tensor = target.tensor
    self.target = target
    let isCopied = reader.copies && (!reader.unpacksToFloats || target.allowsNonFinite)
    guard tensor.type != reader.type || !isCopied else {
      codec = nil
      return
    }
    guard let codec = BlockCodec(tensor.type) else {
      throw ConversionError(.cannotEncode(tensor.type), tensor: tensor.name)
    }
    self.codec = codec
  }
}

extension BlockCodec {
  /// Encodes decoded rows, those of one matrix at a time: each has its own weights of columns.
  fileprivate func encode(
    _ values: UnsafeMutableBufferPointer<Float>, _ rows: Range<Int>, of tensor: PlannedTensor,
    into output: UnsafeMutableRawBufferPointer
  ) {
    let columns = tensor.columnCount
    guard let importance = tensor.importance else {
      return encode(UnsafeBufferPointer(values), rows: rows.count, columns: columns, into: output)
    }
    let matrixRows = tensor.rowCount / (importance.count / columns)
    var first = rows.lowerBound
    while first < rows.upperBound {
      let matrix = first / matrixRows
      let end = min(rows.upperBound, (matrix + 1) * matrixRows)
      let part = first - rows.lowerBound..<end - rows.lowerBound
      let size = tensor.rowByteCount
      importance.withUnsafeBufferPointer { importance in
        encode(
          UnsafeBufferPointer(
            rebasing: values[part.lowerBound * columns..<part.upperBound * columns]),
          rows: part.count, columns: columns,
          importance: UnsafeBufferPointer(
            rebasing: importance[matrix * columns..<(matrix + 1) * columns]),
          into: UnsafeMutableRawBufferPointer(
            rebasing: output[part.lowerBound * size..<part.upperBound * size]))
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
