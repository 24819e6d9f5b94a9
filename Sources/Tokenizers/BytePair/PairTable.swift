/// Which pairs of tokens merge into which, and in which order.
struct PairTable: Sendable {
  struct Merge: Sendable {
    /// Those of lower rank go first.
    var rank: UInt32
    var id: Int32
  }

  private struct Slot: Sendable {
    var key = PairTable.free
    var merge = Merge(rank: 0, id: 0)
  }

  /// No pair: ids are not negative.
  private static let free = UInt64.max
  /// Open addressing. The count is a power of two.
  private var slots: [Slot]

  init(capacity: Int) {
    slots = [Slot](repeating: Slot(), count: TextSlot.count(for: capacity))
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func slot(of key: UInt64) -> Int {
    let mask = slots.count - 1
    let hash = ByteHash.mix(key ^ 0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93)
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot].key != key, slots[slot].key != Self.free { slot = (slot + 1) & mask }
    return slot
  }

  /// Adds a pair, in the place of the same pair if it is there. There must be room for it.
  mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
    let key = Self.key(left, right)
    slots[slot(of: key)] = Slot(key: key, merge: merge)
  }

  @inline(__always)
  subscript(left: Int32, right: Int32) -> Merge? {
    let key = Self.key(left, right)
    let slot = slots[slot(of: key)]
    return slot.key == key ? slot.merge : nil
  }
}
