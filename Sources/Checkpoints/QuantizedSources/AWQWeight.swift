import TensorCore

/// A weight as AWQ packs it for matrix products: the transposed matrix, eight rows in a word.
///
///     qweight  I32   [columns, rows / 8]
///     qzeros   I32   [groups, rows / 8]
///     scales   F16   [groups, rows]
///
/// The nibbles of a word, lowest first, are those of rows 0 2 4 6 1 3 5 7. A value is
/// `(code - zero) * scale`.
///
/// - Source: `dequantize_gemm` in packing_utils.py of AutoAWQ 0.2.9, whose products are halves.
struct AWQWeight: GroupedWeight {
  let shape: Shape
  let groups: ColumnGroups
  var parts: [WeightPart] { [codes, zeros, scales] }
  let coding = "awq, gemm, 4 bits"

  private static let words = CodeWords(bits: 4)
  /// Where in a word the nibble of each row is.
  private static let places = [0, 4, 1, 5, 2, 6, 3, 7]
  private let codes: WeightPart
  private let zeros: WeightPart
  private let scales: WeightPart

  init(_ parts: WeightParts, groupSize: Int) throws {
    codes = try parts.part(".qweight", [.i32, .u32])
    let extents = try parts.extents(of: codes, 2)
    let (columns, rows) = (extents[0], extents[1] * 8)
    shape = try Shape([rows, columns])
    groups = try ColumnGroups(of: columns, size: groupSize, order: nil, parts)
    zeros = try parts.part(".qzeros", [.i32, .u32])
    try parts.check(zeros, has: [groups.count, rows / 8])
    scales = try parts.part(".scales", WeightParts.floats)
    try parts.check(scales, has: [groups.count, rows])
  }

  func unpackCodes(of rows: Range<Int>, into codes: UnsafeMutablePointer<UInt8>) {
    let columns = shape.columns
    let (stride, first) = (shape.rows / 8, rows.lowerBound / 8)
    Self.places.withUnsafeBufferPointer { places in
      for column in 0..<columns {
        let word = self.codes.word(at: column * stride + first)
        for (line, row) in rows.enumerated() {
          codes[line * columns + column] = UInt8(word >> UInt32(4 * places[row % 8]) & 15)
        }
      }
    }
  }

  func scale(ofRow row: Int, group: Int) -> Float {
    scales.float(at: group * shape.rows + row)
  }

  func zero(ofRow row: Int, group: Int) -> Float {
    let word = zeros.word(at: group * (shape.rows / 8) + row / 8)
    return Float(Self.words.code(Self.places[row % 8], of: word))
  }
}
