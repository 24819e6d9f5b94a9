import MappedFiles
import TensorCore

/// Those rows of a weight whose turn it is.
struct RowsOfTurn: QuantizedWeight {
  let shape: Shape
  var type: TensorType { whole.type }
  var parts: [WeightPart] { whole.parts }
  var coding: String { "\(whole.coding), rows \(turn.place) of \(turn.count)" }

  private let whole: any QuantizedWeight
  private let turn: Turn

  /// - Parameter whole: The rows of its matrices are some times those that take turns.
  init(of whole: any QuantizedWeight, _ turn: Turn) throws {
    self.whole = whole
    self.turn = turn
    var extents = whole.shape.dimensions
    extents[extents.count - 2] /= turn.count
    shape = try Shape(extents)
  }

  func unpack(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    guard !rows.isEmpty else { return }
    let size = output.count / rows.count
    for (place, row) in rows.enumerated() {
      let stored = turn.index(of: row)
      whole.unpack(
        stored..<stored + 1,
        into: UnsafeMutableRawBufferPointer(rebasing: output[place * size..<(place + 1) * size]))
    }
  }

  func advise(_ advice: MappedFile.Advice, _ rows: Range<Int>) {
    whole.advise(advice, rows.lowerBound * turn.count..<rows.upperBound * turn.count)
  }
}

/// Rows of several weights of one shape in turn: `a0 b0 a1 b1 …`.
struct RowsInTurn: QuantizedWeight {
  let shape: Shape
  let type: TensorType
  var parts: [WeightPart] { weights.flatMap(\.parts) }
  var coding: String { "rows in turn: \(weights.map(\.coding).joined(separator: "; "))" }

  private let weights: [any QuantizedWeight]

  /// - Parameter weights: At least one, all of the same type and shape.
  init(_ weights: [any QuantizedWeight]) throws {
    self.weights = weights
    type = weights[0].type
    var extents = weights[0].shape.dimensions
    extents[extents.count - 2] *= weights.count
    shape = try Shape(extents)
  }

  func unpack(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    guard !rows.isEmpty else { return }
    let size = output.count / rows.count
    for (place, row) in rows.enumerated() {
      let (own, number) = row.quotientAndRemainder(dividingBy: weights.count)
      weights[number].unpack(
        own..<own + 1,
        into: UnsafeMutableRawBufferPointer(rebasing: output[place * size..<(place + 1) * size]))
    }
  }

  func advise(_ advice: MappedFile.Advice, _ rows: Range<Int>) {
    let own = rows.lowerBound / weights.count..<rows.upperBound.groups(of: weights.count)
    for weight in weights { weight.advise(advice, own) }
  }
}

/// Rows of blocks as a file has them.
struct StoredRows: QuantizedWeight {
  let type: TensorType
  let shape: Shape
  let parts: [WeightPart]
  let coding = "as stored"

  private let rowByteCount: Int

  init(_ name: String, _ part: FilePart, type: TensorType, shape: Shape) throws {
    self.type = type
    self.shape = shape
    let byteCount = try shape.byteCount(of: type)
    rowByteCount = shape.rows == 0 ? 0 : byteCount / shape.rows
    parts = [
      WeightPart(
        name: name, type: type, shape: shape, file: part.file, offset: part.offset,
        byteCount: byteCount, rowByteCount: rowByteCount)
    ]
  }

  func unpack(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    guard let bytes = parts[0].bytes else { return }
    output.copyMemory(
      from: UnsafeRawBufferPointer(
        start: bytes + rows.lowerBound * rowByteCount, count: rows.count * rowByteCount))
  }
}
