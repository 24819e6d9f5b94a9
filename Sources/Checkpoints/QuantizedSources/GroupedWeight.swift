import TensorCore

/// A weight of small whole numbers, with a scale and a zero point for each group of columns.
protocol GroupedWeight: QuantizedWeight {
  var groups: ColumnGroups { get }

  /// Writes the codes of rows as bytes, row after row.
  ///
  /// - Parameter rows: At most 8, between two multiples of 8.
  func unpackCodes(of rows: Range<Int>, into codes: UnsafeMutablePointer<UInt8>)
  func scale(ofRow row: Int, group: Int) -> Float
  func zero(ofRow row: Int, group: Int) -> Float
}

extension GroupedWeight {
  public var type: TensorType { .f32 }

  public func unpack(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    guard let values = output.assumingMemoryBound(to: Float.self).baseAddress else { return }
    let columns = shape.columns
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 8 * columns) { codes in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * groups.count) { scales in
        guard let codes = codes.baseAddress, let scales = scales.baseAddress else { return }
        let zeros = scales + groups.count
        var first = rows.lowerBound
        while first < rows.upperBound {
          let end = min(rows.upperBound, first / 8 * 8 + 8)
          unpackCodes(of: first..<end, into: codes)
          for row in first..<end {
            for group in 0..<groups.count {
              scales[group] = scale(ofRow: row, group: group)
              zeros[group] = zero(ofRow: row, group: group)
            }
            groups.decode(
              codes + (row - first) * columns, zeros: zeros, scales: scales,
              into: values + (row - rows.lowerBound) * columns)
          }
          first = end
        }
      }
    }
  }
}

/// Codes of 2, 4 or 8 bits in words of 32, the first in the lowest bits.
struct CodeWords: Sendable {
  let bits: Int
  /// Codes in a word.
  var count: Int { 32 / bits }
  private var mask: UInt32 { (1 << UInt32(bits)) - 1 }

  init(bits: Int) { self.bits = bits }

  func code(_ place: Int, of word: UInt32) -> UInt32 {
    word >> UInt32(place * bits) & mask
  }

  /// Writes all codes of a word as bytes.
  func spread(_ word: UInt32, into codes: UnsafeMutablePointer<UInt8>) {
    let target = UnsafeMutableRawPointer(codes)
    switch bits {
    case 4:
      // Each step moves the upper half of every piece away from the lower.
      var wide = UInt64(word)
      wide = (wide | wide << 16) & 0x0000_FFFF_0000_FFFF
      wide = (wide | wide << 8) & 0x00FF_00FF_00FF_00FF
      wide = (wide | wide << 4) & 0x0F0F_0F0F_0F0F_0F0F
      target.storeBytes(of: wide.littleEndian, as: UInt64.self)
    case 8:
      target.storeBytes(of: word.littleEndian, as: UInt32.self)
    default:
      for place in 0..<count { codes[place] = UInt8(truncatingIfNeeded: code(place, of: word)) }
    }
  }
}
