extension JSONScanner {
  /// A string with its escapes resolved.
  mutating func string() throws(SafetensorsError) -> String {
    try expect("\"", "a string")
    var text: [UInt8] = []
    while let byte = next() {
      switch byte {
      case UInt8(ascii: "\""):
        // The header was checked to be UTF-8, and escapes add whole characters.
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        text.append(contentsOf: try escape())
      case 0..<0x20:
        throw error(expected: "no control character in a string")
      default:
        text.append(byte)
      }
    }
    throw error(expected: "the end of a string")
  }

  private mutating func escape() throws(SafetensorsError) -> [UInt8] {
    switch next() {
    case UInt8(ascii: "\""): return [0x22]
    case UInt8(ascii: "\\"): return [0x5C]
    case UInt8(ascii: "/"): return [0x2F]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      return Array(String(try unicodeEscape()).utf8)
    default: throw error(expected: "an escape")
    }
  }

  /// The scalar of `\uXXXX`, or of two of them that make a surrogate pair.
  private mutating func unicodeEscape() throws(SafetensorsError) -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard UTF16.isLeadSurrogate(UInt16(first)), next() == 0x5C, next() == UInt8(ascii: "u") else {
      throw error(expected: "a surrogate pair")
    }
    let second = try hexadecimal()
    guard UTF16.isTrailSurrogate(UInt16(second)),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw error(expected: "a surrogate pair") }
    return scalar
  }

  private mutating func hexadecimal() throws(SafetensorsError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error(expected: "four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// Passes over any value.
  mutating func skipValue(depth: Int = 1) throws(SafetensorsError) {
    guard depth <= Self.nestingLimit else {
      throw SafetensorsError(.nestedTooDeeply(limit: Self.nestingLimit), at: place)
    }
    switch peek() {
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "{"):
      try object { (scanner, _) throws(SafetensorsError) in
        try scanner.skipValue(depth: depth + 1)
      }
    case UInt8(ascii: "["):
      try array { (scanner) throws(SafetensorsError) in try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try skipNumber()
    }
  }

  private mutating func word(_ word: String) throws(SafetensorsError) {
    for expected in word.utf8 where next() != expected { throw error(expected: word) }
  }

  private mutating func skipNumber() throws(SafetensorsError) {
    let start = place
    if peek() == UInt8(ascii: "-") { _ = next() }
    var digits = 0
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
    while isDigit(current) { digits += 1; _ = next() }
    if current == UInt8(ascii: ".") {
      _ = next()
      while isDigit(current) { _ = next() }
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      _ = next()
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { _ = next() }
      while isDigit(current) { _ = next() }
    }
    guard digits > 0 else { throw error(expected: "a value", at: start) }
  }
}
