import Checkpoints
import MappedFiles
import TensorCore

/// Where the stored rows lie: in one stretch of a file, in parts of files, or in memory.
extension RowReader {
  /// The stored bytes of rows that lie together, with their place among `rows`; nothing for rows of zeros.
  func withRuns(
    of rows: Range<Int>, _ body: (UnsafeRawBufferPointer, _ place: Int) -> Void
  ) {
    guard rowByteCount > 0 else { return }
    withStoredRows(of: rows) { stored, place in
      withStored(stored) { run, first in body(run, place + first - stored.lowerBound) }
    }
  }

  /// The stored rows that lie together, with their place among `rows`; nothing for rows of zeros.
  func withStoredRows(
    of rows: Range<Int>, _ body: (_ stored: Range<Int>, _ place: Int) -> Void
  ) {
    if source.rowOrder == .asStored, source.padding == nil { return body(rows, 0) }
    for row in rows {
      guard let stored = source.storedRow(of: row, rows: rowCount) else { continue }
      body(stored..<stored + 1, row - rows.lowerBound)
    }
  }

  /// The bytes of stored rows, part by part, with the first row of each.
  private func withStored(
    _ rows: Range<Int>, _ body: (UnsafeRawBufferPointer, _ first: Int) -> Void
  ) {
    if case .values(let values) = source.content {
      return values.withUnsafeBytes {
        body(UnsafeRawBufferPointer(rebasing: $0[byteRange(of: rows)]), rows.lowerBound)
      }
    }
    forEachPart(of: rows) { part, own, first in
      part.file.withBytes {
        body(UnsafeRawBufferPointer(rebasing: $0[byteRange(of: own, from: part.offset)]), first)
      }
    }
  }

  /// The parts of the source that hold some of its stored rows, with their own numbers of these.
  private func forEachPart(
    of rows: Range<Int>, _ body: (FilePart, _ own: Range<Int>, _ first: Int) -> Void
  ) {
    let height = storedRowCount / max(1, parts.count)
    var first = rows.lowerBound
    while first < rows.upperBound, height > 0, first / height < parts.count {
      let start = first / height * height
      let end = min(rows.upperBound, start + height)
      body(parts[first / height], first - start..<end - start, first)
      first = end
    }
  }

  private func byteRange(of rows: Range<Int>, from offset: Int = 0) -> Range<Int> {
    offset + rows.lowerBound * rowByteCount..<offset + rows.upperBound * rowByteCount
  }

  /// Where all rows lie, one after the other as a result of this byte order wants them; `nil` when they do
  /// not.
  func storedPlace(in byteOrder: ByteOrder) -> (file: MappedFile, range: Range<Int>)? {
    guard copies, source.rowOrder == .asStored, source.padding == nil,
      source.byteOrder == byteOrder || type.words.isEmpty,
      case .file(let file, let offset) = source.content
    else { return nil }
    return (file, offset..<offset + rowCount * rowByteCount)
  }

  func advise(_ advice: MappedFile.Advice, _ rows: Range<Int>) {
    if case .quantized(let weight) = source.content { return weight.advise(advice, rows) }
    forEachPart(of: rows) { part, own, _ in
      part.file.advise(advice, byteRange(of: own, from: part.offset))
    }
  }
}
