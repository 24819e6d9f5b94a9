import BlockQuant
import Checkpoints
import MappedFiles
import TensorCore

/// Reads rows of one tensor in the order in which the result wants them.
struct RowReader: Sendable {
  let type: TensorType
  let rowCount: Int
  let columns: Int
  /// Bytes of one stored row.
  let rowByteCount: Int
  private let source: TensorSource
  private let codec: BlockCodec?

  init(_ tensor: PlannedTensor) {
    source = tensor.source
    type = tensor.sourceType
    rowCount = tensor.rowCount
    columns = tensor.columnCount
    rowByteCount =
      type.isQuantized
      ? columns / type.elementsPerBlock * type.bytesPerBlock : columns * type.bytesPerBlock
    codec = BlockCodec(type)
  }

  /// Copies the stored bytes of `rows`.
  func copy(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    withRuns(of: rows) { run, place in
      let target = UnsafeMutableRawBufferPointer(
        rebasing: output[place * rowByteCount..<place * rowByteCount + run.count])
      target.copyMemory(from: run)
    }
  }

  /// Decodes `rows` to single precision.
  func decode(_ rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>) {
    guard let codec, rowByteCount > 0 else { return }
    withRuns(of: rows) { run, place in
      let count = run.count / rowByteCount * columns
      codec.decode(
        run,
        into: UnsafeMutableBufferPointer(
          rebasing: output[place * columns..<place * columns + count]))
    }
  }

  /// The stored bytes of rows that lie together, with their place among `rows`.
  private func withRuns(
    of rows: Range<Int>, _ body: (UnsafeRawBufferPointer, _ place: Int) -> Void
  ) {
    guard rowByteCount > 0 else { return }
    source.withBytes(byteCount: rowCount * rowByteCount) { bytes in
      func stored(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
          rebasing: bytes[range.lowerBound * rowByteCount..<range.upperBound * rowByteCount])
      }
      if source.rowOrder == .asStored { return body(stored(rows), 0) }
      for row in rows {
        let place = source.rowOrder.storedRow(of: row, rows: rowCount)
        body(stored(place..<place + 1), row - rows.lowerBound)
      }
    }
  }

  /// Lets the pages of `rows` go. Rows that lie mixed with later ones go with the last of those.
  func release(_ rows: Range<Int>) {
    let group = source.rowOrder.groupRowCount(rows: rowCount)
    advise(.dontNeed, rows.lowerBound / group * group..<rows.upperBound / group * group)
  }

  /// Asks for the pages of `rows` before they are needed.
  func prefetch(_ rows: Range<Int>) {
    guard !rows.isEmpty else { return }
    let group = source.rowOrder.groupRowCount(rows: rowCount)
    advise(.willNeed, rows.lowerBound / group * group..<min(rowCount, rows.upperBound + group - 1))
  }

  private func advise(_ advice: MappedFile.Advice, _ rows: Range<Int>) {
    guard case .file(let file, let offset) = source.content else { return }
    file.advise(
      advice,
      offset + rows.lowerBound * rowByteCount..<offset + rows.upperBound * rowByteCount)
  }

  /// Notices a source that was truncated, rewritten or unreadable until now.
  func checkUnchanged() throws {
    if case .file(let file, _) = source.content { try file.checkUnchanged() }
  }

  /// Calls `body`, which reads rows, and throws when they were not those of the file: whatever it made
  /// of them, an error included, is not to be believed.
  func checkingSource<Value>(_ body: () throws -> Value) throws -> Value {
    let result = Result { try body() }
    try checkUnchanged()
    return try result.get()
  }
}

extension RowOrder {
  /// Rows that lie together in any order: those before and behind stay before and behind.
  fileprivate func groupRowCount(rows: Int) -> Int {
    switch self {
    case .asStored: 1
    case .pairs(let heads), .halves(let heads): max(1, rows / heads)
    }
  }
}

extension TensorSource {
  /// What names these bytes among all that could stand in their place.
  var identity: String {
    switch content {
    case .file(let file, let offset): "\(file.path) \(file.version) \(offset) \(rowOrder)"
    case .values(let values): "\(values) \(rowOrder)"
    }
  }

  fileprivate func withBytes(byteCount: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    switch content {
    case .file(let file, let offset):
      file.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + byteCount])) }
    case .values(let values):
      values.withUnsafeBytes { body($0) }
    }
  }
}
