public import TensorCore

/// How a tensor lies in a larger one that is zero elsewhere.
///
/// Rows come in parts that grow each by itself: the matrices of a stack, or the gate and the up
/// projection where one tensor holds both. Zeros stand behind the rows of each part and behind each row:
///
///     a a a        a a a 0
///     b b b   ->   0 0 0 0     two parts of one row and three columns
///                  b b b 0     become two rows and four columns each
///                  0 0 0 0
public struct ZeroPadding: Sendable, Hashable {
  public let storedShape: Shape
  public let shape: Shape
  public let partCount: Int

  private let storedPartRows: Int
  private let partRows: Int

  /// - Returns: `nil` unless both shapes fall into that many parts, and none is larger stored.
  public init?(from storedShape: Shape, to shape: Shape, partCount: Int = 1) {
    guard partCount > 0, storedShape.rows > 0, storedShape.rows % partCount == 0,
      shape.rows % partCount == 0, shape.rows >= storedShape.rows,
      shape.columns >= storedShape.columns
    else { return nil }
    self.storedShape = storedShape
    self.shape = shape
    self.partCount = partCount
    storedPartRows = storedShape.rows / partCount
    partRows = shape.rows / partCount
  }

  /// The stored row that row `row` begins with; `nil` for a row of zeros.
  public func storedRow(of row: Int) -> Int? {
    let (part, place) = row.quotientAndRemainder(dividingBy: partRows)
    return place < storedPartRows ? part * storedPartRows + place : nil
  }

  /// How many of the rows before `row` are stored.
  public func storedRowCount(before row: Int) -> Int {
    let (part, place) = row.quotientAndRemainder(dividingBy: partRows)
    return part * storedPartRows + min(place, storedPartRows)
  }
}

extension ZeroPadding: CustomStringConvertible {
  /// `[29568, 8192] in [29696, 8192]`
  public var description: String {
    "\(storedShape) in \(shape)" + (partCount == 1 ? "" : " by \(partCount) parts")
  }
}
