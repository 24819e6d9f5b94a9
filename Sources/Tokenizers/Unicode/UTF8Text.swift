/// Looks at the scalars of UTF-8 that is known to be well formed.
enum UTF8Text {
  /// How many bytes the scalar has that starts with this one.
  @inline(__always)
  static func width(_ lead: UInt8) -> Int {
    lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }

  /// The scalar at an offset; of text that is cut short, some scalar.
  @inline(__always)
  static func scalar(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> UInt32 {
    let lead = UInt32(text[at])
    if lead < 0x80 { return lead }
    func next(_ place: Int) -> UInt32 {
      at + place < text.count ? UInt32(text[at + place] & 0x3F) : 0
    }
    if lead < 0xE0 { return (lead & 0x1F) << 6 | next(1) }
    if lead < 0xF0 { return (lead & 0x0F) << 12 | next(1) << 6 | next(2) }
    return min((lead & 0x07) << 18 | next(1) << 12 | next(2) << 6 | next(3), 0x10FFFF)
  }

  /// Where the scalar before an offset starts.
  @inline(__always)
  static func before(_ offset: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int {
    var at = offset - 1
    while at > 0, text[at] & 0xC0 == 0x80 { at -= 1 }
    return at
  }

  /// The offset `count` scalars further, `limit` at most.
  static func index(
    _ start: Int, after count: Int, in text: UnsafeBufferPointer<UInt8>, limit: Int
  ) -> Int {
    var at = start
    var left = count
    while left > 0, at < limit {
      at += width(text[at])
      left -= 1
    }
    return min(at, limit)
  }

  /// Calls `body` with each scalar.
  @inline(__always)
  static func forEach(_ text: UnsafeBufferPointer<UInt8>, _ body: (UInt32) -> Void) {
    var at = 0
    while at < text.count {
      body(scalar(text, at))
      at += width(text[at])
    }
  }

  /// Appends the UTF-8 of a scalar.
  @inline(__always)
  static func append(_ scalar: UInt32, to text: inout [UInt8]) {
    switch scalar {
    case 0..<0x80: text.append(UInt8(scalar))
    case 0x80..<0x800:
      text.append(UInt8(0xC0 | scalar >> 6))
      text.append(UInt8(0x80 | scalar & 0x3F))
    case 0x800..<0x10000:
      text.append(UInt8(0xE0 | scalar >> 12))
      text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      text.append(UInt8(0x80 | scalar & 0x3F))
    default:
      text.append(UInt8(0xF0 | scalar >> 18 & 7))
      text.append(UInt8(0x80 | scalar >> 12 & 0x3F))
      text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      text.append(UInt8(0x80 | scalar & 0x3F))
    }
  }
}
