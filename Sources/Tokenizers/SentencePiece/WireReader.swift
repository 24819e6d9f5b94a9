/// Reads the fields of one protocol-buffers message, from bytes that nobody has checked.
///
/// - Source: Protocol Buffers documentation, "Encoding".
struct WireReader {
  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64
    /// Bytes of a string, of bytes or of a message, by where they are.
    case bytes(Range<Int>)
  }

  let bytes: UnsafeBufferPointer<UInt8>
  private(set) var place: Int
  private let end: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, in range: Range<Int>) {
    self.bytes = bytes
    place = range.lowerBound
    end = range.upperBound
  }

  /// The next field; nil at the end of the message.
  mutating func next() throws(SentencePieceError) -> (number: Int, value: Value)? {
    guard place < end else { return nil }
    let start = place
    let key = try varint()
    guard let number = Int(exactly: key >> 3), number > 0 else { throw .badField(offset: start) }
    switch key & 7 {
    case 0: return (number, .varint(try varint()))
    case 1:
      _ = try take(8)
      return (number, .fixed64)
    case 2:
      let length = try varint()
      guard length <= UInt64(end - place) else {
        throw .truncated(offset: place, needed: length, left: end - place)
      }
      return (number, .bytes(try take(Int(length))))
    case 5:
      let range = try take(4)
      return (number, .fixed32(range.reduce(0) { $0 >> 8 | UInt32(bytes[$1]) << 24 }))
    default: throw .badField(offset: start)
    }
  }

  private mutating func take(_ count: Int) throws(SentencePieceError) -> Range<Int> {
    guard count <= end - place else {
      throw .truncated(offset: place, needed: UInt64(count), left: end - place)
    }
    defer { place += count }
    return place..<place + count
  }

  private mutating func varint() throws(SentencePieceError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      let byte = bytes[try take(1).lowerBound]
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw .badField(offset: place)
  }
}
