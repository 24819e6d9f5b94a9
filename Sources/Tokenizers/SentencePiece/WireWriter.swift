/// Writes a protocol-buffers message.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ number: Int, _ value: Int) {
    append(varint: UInt64(number << 3))
    append(varint: UInt64(bitPattern: Int64(value)))
  }

  mutating func append(_ number: Int, _ value: Bool) { append(number, value ? 1 : 0) }

  mutating func append(_ number: Int, _ value: Float) {
    append(varint: UInt64(number << 3 | 5))
    let bits = value.bitPattern
    for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift))) }
  }

  mutating func append(_ number: Int, _ value: [UInt8]) {
    append(varint: UInt64(number << 3 | 2))
    append(varint: UInt64(value.count))
    bytes += value
  }

  mutating func append(_ number: Int, _ message: WireWriter) { append(number, message.bytes) }

  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
