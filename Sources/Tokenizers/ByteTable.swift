/// Strings of bytes numbered in the order they were added, found by their bytes.
///
/// A dictionary of `String` would not do: it takes canonically equivalent texts for equal, and
/// vocabularies hold tokens that differ in nothing else.
struct ByteTable: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  /// Open addressing; an entry is the number plus one, 0 is free. The count is a power of two.
  private var slots: [UInt32]

  init(minimumCapacity: Int) {
    var capacity = 16
    while capacity < minimumCapacity * 2 { capacity *= 2 }
    slots = [UInt32](repeating: 0, count: capacity)
    ends.reserveCapacity(minimumCapacity)
  }

  var count: Int { ends.count }

  subscript(number: Int) -> ArraySlice<UInt8> {
    bytes[(number == 0 ? 0 : ends[number - 1])..<ends[number]]
  }

  /// Adds an entry that cannot be found by its bytes, to keep the numbering.
  mutating func appendHidden() { ends.append(bytes.count) }

  /// Adds the text; when it is there already, adds nothing and returns the number it has.
  mutating func append(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    if ends.count * 2 >= slots.count { grow() }
    let slot = slot(of: text)
    if slots[slot] != 0 { return Int(slots[slot] - 1) }
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
    slots[slot] = UInt32(ends.count)
    return nil
  }

  func number(of text: UnsafeBufferPointer<UInt8>) -> Int? {
    let entry = slots[slot(of: text)]
    return entry == 0 ? nil : Int(entry - 1)
  }

  func number(of text: String) -> Int? {
    var text = text
    return text.withUTF8 { number(of: $0) }
  }

  /// The slot that holds the text, or the free one where it would be.
  private func slot(of text: UnsafeBufferPointer<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: ByteHash.hash(text)) & mask
    while slots[slot] != 0 {
      if equals(Int(slots[slot] - 1), text) { return slot }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private func equals(_ number: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = number == 0 ? 0 : ends[number - 1]
    guard ends[number] - start == text.count else { return false }
    for index in 0..<text.count where bytes[start + index] != text[index] { return false }
    return true
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt32](repeating: 0, count: old.count * 2)
    let mask = slots.count - 1
    for entry in old where entry != 0 {
      let number = Int(entry - 1)
      let hash = bytes.withUnsafeBufferPointer { all in
        ByteHash.hash(
          UnsafeBufferPointer(rebasing: all[(number == 0 ? 0 : ends[number - 1])..<ends[number]]))
      }
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = entry
    }
  }
}

/// A fast hash with a secret of this process, so that no file can be made whose tokens collide.
enum ByteHash {
  static let secret = UInt64.random(in: .min ... .max) | 1

  @inline(__always)
  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  @inline(__always)
  static func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let secret = secret
    var state = secret ^ UInt64(truncatingIfNeeded: text.count)
    let raw = UnsafeRawBufferPointer(text)
    var offset = 0
    while offset + 8 <= raw.count {
      let word = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      state = mix(state ^ word, 0x9E37_79B9_7F4A_7C15 ^ secret)
      offset += 8
    }
    var tail: UInt64 = 0
    while offset < raw.count {
      tail = tail << 8 | UInt64(raw[offset])
      offset += 1
    }
    return mix(state ^ tail, 0xD6E8_FEB8_6659_FD93 ^ secret)
  }
}
