/// Reads the JSON of a safetensors header front to back, knowing where it is.
///
/// Strict as RFC 8259 has it. A general parser would neither say at which byte a header is wrong nor
/// notice a key that stands twice.
struct JSONScanner {
  private let bytes: UnsafeRawBufferPointer
  /// Bytes from the start of the file to the start of `bytes`, for errors.
  private let base: Int
  private(set) var offset = 0

  static let nestingLimit = 64

  init(_ bytes: UnsafeRawBufferPointer, base: Int) {
    self.bytes = bytes
    self.base = base
  }

  var place: Int { base + offset }

  func error(expected: String, at place: Int? = nil) -> SafetensorsError {
    let found =
      offset < bytes.count
      ? "'\(String(decoding: bytes[offset..<min(offset + 1, bytes.count)], as: UTF8.self))'"
      : "the end of the header"
    return SafetensorsError(.badJSON(expected: expected, found: found), at: place ?? self.place)
  }

  mutating func skipSpace() {
    while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
  }

  /// The next byte after white space, not consumed.
  mutating func peek() -> UInt8? {
    skipSpace()
    return offset < bytes.count ? bytes[offset] : nil
  }

  /// The byte at the cursor, white space or not.
  var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  /// Consumes the byte at the cursor.
  mutating func next() -> UInt8? {
    guard offset < bytes.count else { return nil }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func expect(_ character: Unicode.Scalar, _ what: String) throws(SafetensorsError) {
    guard peek() == UInt8(ascii: character) else { throw error(expected: what) }
    offset += 1
  }

  /// Nothing but white space may follow.
  mutating func expectEnd() throws(SafetensorsError) {
    if peek() != nil { throw error(expected: "the end of the header") }
  }

  /// Calls `member` for each key of an object, which reads the value.
  mutating func object(
    _ member: (inout JSONScanner, String) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    try expect("{", "an object")
    var keys = Set<String>()
    if peek() == UInt8(ascii: "}") {
      offset += 1
      return
    }
    while true {
      skipSpace()
      let keyPlace = place
      let key = try string()
      guard keys.insert(key).inserted else {
        throw SafetensorsError(.duplicateKey(key), at: keyPlace)
      }
      try expect(":", "':'")
      try member(&self, key)
      if peek() == UInt8(ascii: ",") {
        offset += 1
        continue
      }
      try expect("}", "',' or '}'")
      return
    }
  }

  /// Calls `element` at the start of each element of an array.
  mutating func array(
    _ element: (inout JSONScanner) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    try expect("[", "an array")
    if peek() == UInt8(ascii: "]") {
      offset += 1
      return
    }
    while true {
      try element(&self)
      if peek() == UInt8(ascii: ",") {
        offset += 1
        continue
      }
      try expect("]", "',' or ']'")
      return
    }
  }

  /// A whole number that is not negative.
  mutating func unsigned() throws(SafetensorsError) -> UInt64 {
    skipSpace()
    let start = offset
    var value: UInt64 = 0
    while offset < bytes.count, case let digit = bytes[offset], (0x30...0x39).contains(digit) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(digit - 0x30))
      guard !overflow, !carry else { throw error(expected: "a number below 2^64") }
      value = sum
      offset += 1
    }
    let leadingZero = offset - start > 1 && bytes[start] == 0x30
    let goesOn = offset < bytes.count && [0x2E, 0x45, 0x65].contains(bytes[offset])  // . E e
    guard offset > start, !leadingZero, !goesOn else {
      throw error(expected: "a whole number", at: base + start)
    }
    return value
  }
}
