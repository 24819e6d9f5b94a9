/// The first bytes of a scalar in UTF-8.
///
/// - Source: Unicode 16.0, table 3-7. Encodings that are too long are found here, surrogates by the sets,
///   which never have them.
struct PartialScalar: Hashable {
  private var value: UInt32 = 0
  /// Bytes to come.
  private var missing: UInt32 = 0
  /// The least scalar that is written with as many bytes.
  private var least: UInt32 = 0

  /// Whether no scalar has begun.
  var isEmpty: Bool { self == PartialScalar() }

  /// With one more byte; nil for a byte that cannot come here.
  func appending(_ byte: UInt8) -> PartialScalar? {
    var next = self
    if missing == 0 {
      (next.value, next.missing, next.least) =
        switch byte {
        case 0x00...0x7F: (UInt32(byte), 0, 0)
        case 0xC2...0xDF: (UInt32(byte & 0x1F), 1, 0x80)
        case 0xE0...0xEF: (UInt32(byte & 0x0F), 2, 0x800)
        case 0xF0...0xF4: (UInt32(byte & 0x07), 3, 0x10000)
        default: (0, 4, 0)
        }
      return next.missing == 4 ? nil : next
    }
    guard byte & 0xC0 == 0x80 else { return nil }
    next.value = value << 6 | UInt32(byte & 0x3F)
    next.missing -= 1
    let (low, high) = next.bounds
    return low <= high ? next : nil
  }

  /// The scalar, when no bytes are missing.
  var scalar: UInt32? { missing == 0 ? value : nil }

  /// The scalars that this may become.
  var bounds: (low: UInt32, high: UInt32) {
    let low = value << (6 * missing)
    return (max(low, least), min(low | (1 << (6 * missing) - 1), 0x10FFFF))
  }
}
