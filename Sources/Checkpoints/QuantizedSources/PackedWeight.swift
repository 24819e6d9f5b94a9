import TensorCore

/// A weight as compressed-tensors packs whole numbers, `pack-quantized`.
///
///     weight_packed      I32   [rows, columns * bits / 32]   codes of consecutive columns in a word
///     weight_scale       BF16  [rows, groups]
///     weight_zero_point  I32   [rows * bits / 32, groups]    codes of consecutive rows in a word
///     weight_shape       I64   [2]                           rows and columns
///     weight_g_idx       I32   [columns]                     the group of each column
///
/// A code is a number plus half the range, a zero point as well; a value is `(code - zero) * scale`.
///
/// - Source: `PackedQuantizationCompressor` and `pack_to_int32` of compressed-tensors 0.20, whose products are
///   of the type of the scales; `dequant_packed` in llama.cpp's conversion/base.py.
struct PackedWeight: GroupedWeight {
  let shape: Shape
  let groups: ColumnGroups
  var parts: [WeightPart] {
    [codes, scales] + [zeros, groups.order].compactMap { $0 }
  }
  var coding: String { "pack-quantized, \(words.bits) bits" }

  private let words: CodeWords
  /// Words of a row.
  private let wordCount: Int
  private let codes: WeightPart
  private let zeros: WeightPart?
  private let scales: WeightPart

  init(_ parts: WeightParts, bits: Int, groupSize: Int) throws {
    words = CodeWords(bits: bits)
    var codes = try parts.part(".weight_packed", [.i32, .u32])
    let extents = try parts.extents(of: codes, 2)
    let stated = try parts.part(".weight_shape", [.i64, .i32])
    try parts.check(stated, has: [2])
    let (rows, columns) = try stated.file.withUnchangedBytes { _ in
      (stated.integer(at: 0), stated.integer(at: 1))
    }
    guard rows == extents[0], columns > 0, columns <= extents[1] * words.count,
      columns.groups(of: words.count) == extents[1]
    else {
      throw parts.failure(
        .wrongShape(
          tensor: codes.name,
          expected: try Shape([max(0, rows), max(0, columns).groups(of: words.count)]),
          found: codes.shape))
    }
    shape = try Shape([rows, columns])
    wordCount = extents[1]
    codes.rowByteCount = 4 * wordCount
    self.codes = codes
    groups = try ColumnGroups(
      of: columns, size: groupSize,
      order: try parts.partIfPresent(".weight_g_idx", [.i32, .i64]), parts)
    scales = try parts.part(".weight_scale", WeightParts.floats)
    try parts.check(scales, has: [rows, groups.count])
    zeros = try parts.partIfPresent(".weight_zero_point", [.i32, .u32])
    if let zeros { try parts.check(zeros, has: [rows.groups(of: words.count), groups.count]) }
  }

  func unpackCodes(of rows: Range<Int>, into codes: UnsafeMutablePointer<UInt8>) {
    let columns = shape.columns
    let (whole, rest) = columns.quotientAndRemainder(dividingBy: words.count)
    for (place, row) in rows.enumerated() {
      let (source, target) = (row * wordCount, codes + place * columns)
      for word in 0..<whole {
        words.spread(self.codes.word(at: source + word), into: target + word * words.count)
      }
      for place in 0..<rest {
        target[whole * words.count + place] = UInt8(
          truncatingIfNeeded: words.code(place, of: self.codes.word(at: source + whole)))
      }
    }
  }

  func scale(ofRow row: Int, group: Int) -> Float {
    scales.float(at: row * groups.count + group)
  }

  func zero(ofRow row: Int, group: Int) -> Float {
    guard let zeros else { return Float(1 << (words.bits - 1)) }
    let (word, place) = row.quotientAndRemainder(dividingBy: words.count)
    return Float(words.code(place, of: zeros.word(at: word * groups.count + group)))
  }
}
