import BlockQuant
import Checkpoints
import MappedFiles
import TensorCore

/// Rows that are put together from elements that lie apart: columns of what is stored, every second element
/// of a row, or elements of several tensors in turn.
///
///     result            matrices of `height` rows and `width` columns
///     each content      matrices of as many rows; of the columns those in turn
///     what is stored    the same, or with rows and columns changed; with columns of others between
///
/// An element that stands in a block is decoded with its block.
struct ScatteredRows: Sendable {
  private let source: TensorSource
  private let contents: [TensorSource.Content]
  private let type: TensorType
  private let codec: BlockCodec
  private let width: Int
  /// Rows of a matrix that share stored rows: all where those are columns, else one.
  private let height: Int
  /// Stored rows of a matrix, and elements of each.
  private let storedHeight: Int
  private let storedWidth: Int

  private var turn: Turn { source.turn ?? Turn(0, of: 1) }

  /// - Returns: `nil` for a tensor whose rows lie as they are, or whose type cannot be decoded.
  init?(_ tensor: PlannedTensor) {
    source = tensor.source
    guard source.isScattered, let codec = BlockCodec(tensor.sourceType) else { return nil }
    self.codec = codec
    type = tensor.sourceType
    if case .inTurn(let contents) = source.content {
      self.contents = contents
    } else {
      contents = [source.content]
    }
    // Zeros that stand around are no business of those who gather.
    let extents = tensor.sourceShape.dimensions
    width = tensor.sourceShape.columns
    let own = width / max(1, contents.count)
    height = source.isTransposed ? extents.dropLast().last ?? 1 : 1
    storedHeight = source.isTransposed ? own : 1
    storedWidth = (source.isTransposed ? height : own) * (source.turn?.count ?? 1)
  }

  /// Decodes `rows` of the result, and puts zeros around them where it is larger.
  func decode(_ rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>) {
    guard let padding = source.padding else { return gather(rows, into: output) }
    output.update(repeating: 0)
    let columns = padding.shape.columns
    var first = rows.lowerBound
    while first < rows.upperBound {
      guard let stored = padding.storedRow(of: first) else {
        first += 1
        continue
      }
      var end = first + 1
      while end < rows.upperBound, padding.storedRow(of: end) == stored + end - first { end += 1 }
      let place = first - rows.lowerBound
      withUnsafeTemporaryAllocation(of: Float.self, capacity: (end - first) * width) { gathered in
        gather(stored..<stored + end - first, into: gathered)
        for row in 0..<end - first {
          for column in 0..<width {
            output[(place + row) * columns + column] = gathered[row * width + column]
          }
        }
      }
      first = end
    }
  }

  /// Decodes rows as they are without zeros around them.
  private func gather(_ rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>) {
    guard height > 0, !rows.isEmpty else { return }
    for (place, content) in contents.enumerated() {
      forEachMatrix(of: rows) { matrix, own in
        let first = (matrix * height + own.lowerBound - rows.lowerBound) * width + place
        if source.isTransposed {
          decode(content, matrix, taking: own) { stored in
            (output, first + stored * contents.count, width)
          }
        } else {
          decode(content, matrix, taking: 0..<width / contents.count) { _ in
            (output, first, contents.count)
          }
        }
      }
    }
    if source.shift != 0 { for place in output.indices { output[place] += source.shift } }
  }

  /// Decodes some elements of each stored row of a matrix.
  ///
  /// - Parameter target: Where those of a row go: the first, and how far the next lies from each.
  private func decode(
    _ content: TensorSource.Content, _ matrix: Int, taking numbers: Range<Int>,
    to target: (_ row: Int) -> (UnsafeMutableBufferPointer<Float>, first: Int, stride: Int)
  ) {
    guard let last = numbers.last else { return }
    // Whole blocks around the elements that are wanted.
    let block = type.elementsPerBlock
    let start = turn.index(of: numbers.lowerBound) / block * block
    let end = min(storedWidth, (turn.index(of: last) / block + 1) * block)
    let bytes = type.byteCount(ofRow: start)..<type.byteCount(ofRow: end)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: end - start) { decoded in
      withRows(of: content, matrix) { row, stored in
        codec.decode(
          UnsafeRawBufferPointer(rebasing: stored[bytes]), of: type, source.byteOrder, into: decoded
        )
        let (output, first, stride) = target(row)
        for (place, number) in numbers.enumerated() {
          output[first + place * stride] = decoded[turn.index(of: number) - start]
        }
      }
    }
  }

  /// The stored rows of a matrix, by their number in it.
  private func withRows(
    of content: TensorSource.Content, _ matrix: Int,
    _ body: (_ row: Int, _ stored: UnsafeRawBufferPointer) -> Void
  ) {
    let size = type.byteCount(ofRow: storedWidth)
    func each(_ bytes: UnsafeRawBufferPointer, from start: Int) {
      for row in 0..<storedHeight {
        let lower = start + row * size
        body(row, UnsafeRawBufferPointer(rebasing: bytes[lower..<lower + size]))
      }
    }
    let first = matrix * storedHeight
    switch content {
    case .file(let file, let offset): file.withBytes { each($0, from: offset + first * size) }
    case .values(let values): values.withUnsafeBytes { each($0, from: first * size) }
    case .quantized(let weight):
      withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { bytes in
        for row in 0..<storedHeight {
          weight.unpack(first + row..<first + row + 1, into: bytes)
          body(row, UnsafeRawBufferPointer(bytes))
        }
      }
    case .parts, .inTurn: preconditionFailure("only whole tensors are scattered")
    }
  }

  private func forEachMatrix(of rows: Range<Int>, _ body: (_ matrix: Int, Range<Int>) -> Void) {
    var first = rows.lowerBound
    while first < rows.upperBound {
      let matrix = first / height
      let end = min(rows.upperBound, (matrix + 1) * height)
      body(matrix, first - matrix * height..<end - matrix * height)
      first = end
    }
  }

  /// Where an element stands among those of its content, counted row by row; `nil` for a zero around them.
  func sourceIndex(row: Int, column: Int) -> Int? {
    guard column < width,
      let row = source.padding.map({ $0.storedRow(of: row) }) ?? row
    else { return nil }
    let (matrix, place) = row.quotientAndRemainder(dividingBy: max(1, height))
    let own = column / contents.count
    return source.isTransposed
      ? (matrix * storedHeight + own) * storedWidth + turn.index(of: place)
      : row * storedWidth + turn.index(of: own)
  }

  /// Every row of a matrix needs all its pages: they are asked for with the first and go with the last.
  ///
  /// - Parameter rows: Counted without zeros around them.
  func advise(_ advice: MappedFile.Advice, _ rows: Range<Int>) {
    guard height > 0, !rows.isEmpty else { return }
    let size = type.byteCount(ofRow: storedWidth)
    forEachMatrix(of: rows) { matrix, own in
      guard advice == .willNeed ? own.lowerBound == 0 : own.upperBound == height else { return }
      let stored = matrix * storedHeight..<(matrix + 1) * storedHeight
      for content in contents {
        switch content {
        case .file(let file, let offset):
          file.advise(
            advice, offset + stored.lowerBound * size..<offset + stored.upperBound * size)
        case .quantized(let weight): weight.advise(advice, stored)
        case .parts, .values, .inTurn: break
        }
      }
    }
  }
}
