import BlockQuant
import Checkpoints
import MappedFiles
import TensorCore

/// Reads rows of one tensor as the result wants them: in its order, and with zeros where it is larger.
struct RowReader: Sendable {
  let type: TensorType
  /// Rows of the result.
  let rowCount: Int
  /// Elements of a row of the result.
  let columns: Int
  /// Bytes of one stored row.
  let rowByteCount: Int
  let storedRowCount: Int
  private let storedColumns: Int
  let source: TensorSource
  /// The places in files where the stored rows lie, as many at each.
  let parts: [FilePart]
  /// Those that the rows lie in, each once.
  private let files: [MappedFile]
  let codec: BlockCodec?
  /// Where rows are put together from elements that lie apart.
  private let scattered: ScatteredRows?

  init(_ tensor: PlannedTensor) {
    source = tensor.source
    parts = source.content.fileParts
    files = source.files
    type = tensor.sourceType
    rowCount = tensor.rowCount
    columns = tensor.columnCount
    storedRowCount = source.padding?.storedShape.rows ?? rowCount
    storedColumns = source.padding?.storedShape.columns ?? columns
    rowByteCount = type.byteCount(ofRow: storedColumns)
    codec = BlockCodec(type)
    scattered = ScatteredRows(tensor)
  }

  /// Copies the stored bytes of `rows`, little-endian.
  func copy(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    // Bytes of zero are blocks of zeros in every type.
    if source.padding != nil { output.initializeMemory(as: UInt8.self, repeating: 0) }
    let rowStride = type.byteCount(ofRow: columns)
    if case .quantized(let weight) = source.content {
      return withStoredRows(of: rows) { stored, place in
        weight.unpack(
          stored,
          into: UnsafeMutableRawBufferPointer(
            rebasing: output[place * rowStride..<place * rowStride + stored.count * rowByteCount]))
      }
    }
    withRuns(of: rows) { run, place in
      let target = UnsafeMutableRawBufferPointer(
        rebasing: output[place * rowStride..<place * rowStride + run.count])
      target.copyMemory(from: run)
    }
    if source.byteOrder == .big { type.swapWords(in: output) }
  }

  /// Decodes `rows` to single precision.
  func decode(_ rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>) {
    if let scattered { return scattered.decode(rows, into: output) }
    if source.padding != nil { output.update(repeating: 0) }
    guard codec != nil, rowByteCount > 0 else { return }
    if source.isQuantized { return decodeUnpacked(rows, into: output) }
    withRuns(of: rows) { run, place in
      let count = run.count / rowByteCount * storedColumns
      decodeStored(
        run,
        into: UnsafeMutableBufferPointer(
          rebasing: output[place * columns..<place * columns + count]))
    }
    // Shifted tensors are vectors, which nothing fills up with zeros.
    if source.shift != 0 { for place in output.indices { output[place] += source.shift } }
  }

  /// Decodes stored bytes in the order in which the file has them.
  private func decodeStored(
    _ stored: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    codec?.decode(stored, of: type, source.byteOrder, into: values)
  }

  /// Whether the source's bytes are those of the result where the types are the same.
  var copies: Bool { source.shift == 0 && scattered == nil }
  /// Whether rows are unpacked to single precision: they need not be a second time when their values were
  /// looked at.
  var unpacksToFloats: Bool { source.isQuantized && type == .f32 }

  /// Decodes rows that are first unpacked to another type than single precision, or to that.
  private func decodeUnpacked(
    _ rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
  ) {
    guard type != .f32 else { return copy(rows, into: UnsafeMutableRawBufferPointer(output)) }
    let byteCount = type.byteCount(ofRow: columns) * rows.count
    withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 16) { blocks in
      copy(rows, into: blocks)
      codec?.decode(UnsafeRawBufferPointer(blocks), into: output)
    }
  }

  /// Where an element of the result stands among those of the source, counted row by row; `nil` for a
  /// zero that no source has.
  func sourceIndex(of index: Int) -> Int? {
    let (row, column) = index.quotientAndRemainder(dividingBy: columns)
    if let scattered { return scattered.sourceIndex(row: row, column: column) }
    guard column < storedColumns else { return nil }
    return source.storedRow(of: row, rows: rowCount).map { $0 * storedColumns + column }
  }

  /// Lets the pages of `rows` go. Rows that lie mixed with later ones go with the last of those.
  func release(_ rows: Range<Int>) {
    let rows = storedRows(rows)
    if let scattered { return scattered.advise(.dontNeed, rows) }
    let group = source.rowOrder.groupRowCount(rows: storedRowCount)
    advise(.dontNeed, rows.lowerBound / group * group..<rows.upperBound / group * group)
  }

  /// Asks for the pages of `rows` before they are needed.
  func prefetch(_ rows: Range<Int>) {
    let rows = storedRows(rows)
    if let scattered { return scattered.advise(.willNeed, rows) }
    guard !rows.isEmpty else { return }
    let group = source.rowOrder.groupRowCount(rows: storedRowCount)
    advise(
      .willNeed,
      rows.lowerBound / group * group..<min(storedRowCount, rows.upperBound + group - 1))
  }

  /// Those of `rows` that are stored, counted without the rows of zeros.
  private func storedRows(_ rows: Range<Int>) -> Range<Int> {
    guard let padding = source.padding else { return rows }
    return padding.storedRowCount(
      before: rows.lowerBound)..<padding.storedRowCount(before: rows.upperBound)
  }

  /// Notices a source that was truncated, rewritten or unreadable until now.
  func checkUnchanged() throws {
    for file in files { try file.checkUnchanged() }
  }

  /// Calls `body`, which reads rows, and throws when they were not those of the file: whatever it made
  /// of them, an error included, is not to be believed.
  func checkingSource<Value>(_ body: () throws -> Value) throws -> Value {
    let result = Result { try body() }
    try checkUnchanged()
    return try result.get()
  }
}

extension BlockCodec {
  /// Decodes blocks whose numbers have this order of bytes.
  func decode(
    _ stored: UnsafeRawBufferPointer, of type: TensorType, _ byteOrder: ByteOrder,
    into values: UnsafeMutableBufferPointer<Float>
  ) {
    guard byteOrder == .big else { return decode(stored, into: values) }
    withUnsafeTemporaryAllocation(byteCount: stored.count, alignment: 64) { turned in
      turned.copyMemory(from: stored)
      type.swapWords(in: turned)
      decode(UnsafeRawBufferPointer(turned), into: values)
    }
  }
}

extension TensorType {
  /// Bytes of a row of whole blocks.
  func byteCount(ofRow columns: Int) -> Int {
    columns / elementsPerBlock * bytesPerBlock
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
    let padded =
      (padding.map { " \($0)" } ?? "") + (shift == 0 ? "" : " + \(shift)")
      + (isTransposed ? " by columns" : "")
      + (turn.map { " turn \($0.place) of \($0.count)" } ?? "")
    return "\(content.identity) \(rowOrder)\(padded)"
  }
}

extension TensorSource.Content {
  fileprivate var identity: String {
    switch self {
    case .file(let file, let offset): "\(file.path) \(file.version) \(offset)"
    case .parts(let parts): "\(parts.map { "\($0.file.path) \($0.file.version) \($0.offset)" })"
    case .values(let values): "\(values)"
    case .quantized(let weight): weight.identity
    case .inTurn(let contents): "\(contents.map(\.identity))"
    }
  }
}
