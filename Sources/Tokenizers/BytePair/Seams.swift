/// Where texts can be cut before pairs merge: between characters that are neighbours in no token. What merges
/// to the left of a seam has no part in what merges to its right, and short stretches come again.
struct Seams: Sendable {
  private static let bitCount = 21
  /// Neighbours by their hash; some that are none pass for some, which costs a seam and no more.
  private var bits = [UInt64](repeating: 0, count: 1 << (bitCount - 6))

  /// The seams of pieces that merge whenever their whole is one.
  init(_ vocabulary: Vocabulary) {
    for (id, kind) in vocabulary.kinds.enumerated() {
      guard kind == .normal || kind == .userDefined || kind == .unused else { continue }
      vocabulary.texts[id].withUnsafeBufferPointer { text in
        var place = 0
        var before: UInt32?
        while place < text.count {
          let end = Self.end(of: text, from: place)
          let character = Self.character(text, place, end)
          if let before { insert(before, character) }
          before = character
          place = end
        }
      }
    }
  }

  /// The seams of a list of merges.
  init(_ merges: MergeTable) {
    merges.forEach { left, right in
      var start = left.count - 1
      while start > 0, left[start] & 0xC0 == 0x80 { start -= 1 }
      insert(
        Self.character(left, start, left.count),
        Self.character(right, 0, Self.end(of: right, from: 0)))
    }
  }

  /// Calls `body` with each stretch of a text between two seams.
  @inline(__always)
  func forEachStretch(
    of text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    var start = 0
    var place = 0
    var before: UInt32 = 0
    while place < text.count {
      let end = Self.end(of: text, from: place)
      let character = Self.character(text, place, end)
      if place > start, !areNeighbours(before, character) {
        body(UnsafeBufferPointer(rebasing: text[start..<place]))
        start = place
      }
      before = character
      place = end
    }
    if start < text.count { body(UnsafeBufferPointer(rebasing: text[start...])) }
  }

  @inline(__always)
  private static func end(of text: UnsafeBufferPointer<UInt8>, from place: Int) -> Int {
    min(place + UTF8Width.width(lead: text[place]), text.count)
  }

  /// The bytes of a character in a number.
  @inline(__always)
  private static func character(
    _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int
  ) -> UInt32 {
    var value: UInt32 = 0
    for place in start..<end { value = value << 8 | UInt32(text[place]) }
    return value
  }

  @inline(__always)
  private static func bit(_ left: UInt32, _ right: UInt32) -> Int {
    let mixed = (UInt64(left) << 32 | UInt64(right)) &* 0x9E37_79B9_7F4A_7C15
    let spread = (mixed ^ mixed >> 29) &* 0xBF58_476D_1CE4_E5B9
    return Int(truncatingIfNeeded: spread >> UInt64(64 - bitCount))
  }

  private mutating func insert(_ left: UInt32, _ right: UInt32) {
    let bit = Self.bit(left, right)
    bits[bit >> 6] |= 1 << UInt64(bit & 63)
  }

  @inline(__always)
  private func areNeighbours(_ left: UInt32, _ right: UInt32) -> Bool {
    let bit = Self.bit(left, right)
    return bits[bit >> 6] >> UInt64(bit & 63) & 1 != 0
  }
}

/// The length of a character in UTF-8 by its first byte, without looking at the others.
enum UTF8Width {
  @inline(__always)
  static func width(lead: UInt8) -> Int {
    lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }
}
