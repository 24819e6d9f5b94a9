internal import GGUF

/// Which pairs of texts merge, and in which order.
///
/// A pair is found by the hashes of its halves, and then compared with the text of the merge: nothing
/// need be looked up in the vocabulary to make the table.
struct MergeTable: Sendable {
  /// A merge, by where its text starts: those further front in the list go first.
  typealias Rank = UInt32

  /// No pair, after every other.
  static let none = Rank.max

  private let list: GGUFTextList
  /// Open addressing; an entry is a rank, and 0 is free for every text has a count before it.
  private var slots: [TextSlot]

  /// Bytes of merges that ranks can count.
  static let byteLimit = Int(Rank.max)

  /// - Parameters:
  ///   - list: `left right`, best first, less than ``byteLimit`` bytes. A text without a space after its first
  ///     byte merges nothing.
  ///   - replacing: Whether a pair that comes again has the rank of the last time, not the first.
  init(_ list: GGUFTextList, replacing: Bool) {
    precondition(list.bytes.count < Self.byteLimit)
    self.list = list
    slots = [TextSlot](repeating: TextSlot(), count: TextSlot.count(for: list.count))
    let secret = ByteHash.secret
    list.forEach { bytes, range in
      guard let space = Self.space(in: bytes, range) else { return }
      let left = UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound..<space])
      let right = UnsafeRawBufferPointer(rebasing: bytes[(space + 1)..<range.upperBound])
      let hash = Self.hash(
        ByteHash.hash(left, secret: secret), ByteHash.hash(right, secret: secret), secret)
      let slot = Self.slot(of: left, right, hash, in: slots, bytes)
      if replacing || slots[slot].isFree {
        slots[slot] = TextSlot(hash, entry: Rank(range.lowerBound))
      }
    }
  }

  /// Calls `body` with both halves of each merge; neither is empty.
  func forEach(_ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Void) {
    list.forEach { bytes, range in
      guard let space = Self.space(in: bytes, range), space + 1 < range.upperBound else { return }
      let bytes = bytes.assumingMemoryBound(to: UInt8.self)
      body(
        UnsafeBufferPointer(rebasing: bytes[range.lowerBound..<space]),
        UnsafeBufferPointer(rebasing: bytes[(space + 1)..<range.upperBound]))
    }
  }

  /// The first space after the first byte: the first half may itself start with one.
  private static func space(in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    var place = range.lowerBound + 1
    while place < range.upperBound {
      if bytes[place] == 0x20 { return place }
      place += 1
    }
    return nil
  }

  @inline(__always)
  private static func hash(_ left: UInt64, _ right: UInt64, _ secret: UInt64) -> UInt64 {
    ByteHash.mix(left ^ secret, right ^ 0x9E37_79B9_7F4A_7C15)
  }

  /// The rank of a pair, or ``none``.
  ///
  /// - Parameters:
  ///   - hashes: Of the two texts.
  ///   - secret: Of ``ByteHash``.
  @inline(__always)
  func rank(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, hashes: (UInt64, UInt64),
    secret: UInt64
  ) -> Rank {
    let hash = Self.hash(hashes.0, hashes.1, secret)
    let slot = list.bytes.withUnsafeBytes { Self.slot(of: left, right, hash, in: slots, $0) }
    return slots[slot].isFree ? Self.none : slots[slot].entry
  }

  /// The slot that holds the pair, or the free one where it would be.
  @inline(__always)
  private static func slot(
    of left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ hash: UInt64,
    in slots: [TextSlot], _ bytes: UnsafeRawBufferPointer
  ) -> Int {
    let mask = slots.count - 1
    let tag = TextSlot.tag(hash)
    var slot = Int(truncatingIfNeeded: hash) & mask
    while !slots[slot].isFree {
      if slots[slot].tag == tag, isMerge(of: left, right, bytes, at: Int(slots[slot].entry)) {
        return slot
      }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private static func isMerge(
    of left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer,
    _ bytes: UnsafeRawBufferPointer, at start: Int
  ) -> Bool {
    let space = start + left.count
    let end = start + GGUFTextList.textByteCount(bytes, at: start)
    return end == space + 1 + right.count && bytes[space] == 0x20
      && left.elementsEqual(bytes[start..<space]) && right.elementsEqual(bytes[(space + 1)..<end])
  }

  /// Whether some merge makes the text.
  func make(_ text: some Collection<UInt8>) -> Bool {
    let secret = ByteHash.secret
    return Array(text).withUnsafeBytes { text in
      (1..<max(1, text.count)).contains { middle in
        let left = UnsafeRawBufferPointer(rebasing: text[..<middle])
        let right = UnsafeRawBufferPointer(rebasing: text[middle...])
        let hashes = (
          ByteHash.hash(left, secret: secret), ByteHash.hash(right, secret: secret)
        )
        return rank(left, right, hashes: hashes, secret: secret) != Self.none
      }
    }
  }
}
