import TensorCore

/// A weight as GPTQ packs it: words of codes down the columns of the transposed matrix.
///
///     qweight  I32   [columns * bits / 32, rows]   codes of consecutive columns in a word
///     qzeros   I32   [groups, rows * bits / 32]    zero points of consecutive rows in a word
///     scales   F16   [groups, rows]
///     g_idx    I32   [columns]                     the group of each column
///
/// A value is `(code - zero) * scale`; the first version of the format keeps each zero point less one.
///
/// - Source: `dequant_gptq` in llama.cpp's conversion/base.py and qlinear_cuda_old.py of AutoGPTQ 0.7.1. They
///   differ where a zero point is stored as all ones in the first version: this is 2^bits, as in llama.cpp.
struct GPTQWeight: GroupedWeight {
  let shape: Shape
  let groups: ColumnGroups
  var parts: [WeightPart] { [codes, zeros, scales] + (groups.order.map { [$0] } ?? []) }
  var coding: String { "gptq, \(words.bits) bits, zeros from \(zeroOffset)" }

  private let words: CodeWords
  private let zeroOffset: UInt32
  private let codes: WeightPart
  private let zeros: WeightPart
  private let scales: WeightPart

  init(_ parts: WeightParts, bits: Int, groupSize: Int, zeroOffset: UInt32) throws {
    self.zeroOffset = zeroOffset
    words = CodeWords(bits: bits)
    codes = try parts.part(".qweight", [.i32, .u32])
    let extents = try parts.extents(of: codes, 2)
    let (columns, rows) = (extents[0] * words.count, extents[1])
    shape = try Shape([rows, columns])
    groups = try ColumnGroups(
      of: columns, size: groupSize, order: try parts.partIfPresent(".g_idx", [.i32, .i64]), parts)
    zeros = try parts.part(".qzeros", [.i32, .u32])
    try parts.check(zeros, has: [groups.count, rows.groups(of: words.count)])
    scales = try parts.part(".scales", WeightParts.floats)
    try parts.check(scales, has: [groups.count, rows])
  }

  func unpackCodes(of rows: Range<Int>, into codes: UnsafeMutablePointer<UInt8>) {
    let columns = shape.columns
    for line in 0..<columns / words.count {
      let (source, target) = (line * shape.rows, codes + line * words.count)
      for (place, row) in rows.enumerated() {
        words.spread(self.codes.word(at: source + row), into: target + place * columns)
      }
    }
  }

  func scale(ofRow row: Int, group: Int) -> Float {
    scales.float(at: group * shape.rows + row)
  }

  func zero(ofRow row: Int, group: Int) -> Float {
    let (word, place) = row.quotientAndRemainder(dividingBy: words.count)
    let line = group * shape.rows.groups(of: words.count)
    return Float(words.code(place, of: zeros.word(at: line + word)) + zeroOffset)
  }
}
