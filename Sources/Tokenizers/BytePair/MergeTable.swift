/// Which pairs of symbols merge, in which order, into what.
struct MergeTable: Sendable {
  struct Merge: Sendable {
    /// Lower ranks merge first.
    var rank: UInt32
    var result: Int32
  }

  private struct Slot: Sendable {
    var pair: UInt64
    var merge: Merge
  }

  /// No pair of symbols looks like this, for symbols are not negative.
  private static let free = UInt64.max

  private var slots: [Slot]
  private let shift: UInt64
  private(set) var count = 0

  init(capacity: Int) {
    var slotCount = 16
    while slotCount < capacity * 2 { slotCount *= 2 }
    slots = [Slot](
      repeating: Slot(pair: Self.free, merge: Merge(rank: 0, result: 0)), count: slotCount)
    shift = UInt64(64 - slotCount.trailingZeroBitCount)
  }

  @inline(__always)
  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func firstSlot(_ pair: UInt64, _ secret: UInt64) -> Int {
    Int(truncatingIfNeeded: ByteHash.mix(pair ^ secret, 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  /// Adds a merge; the table must have been made large enough. A pair that is there keeps its rank
  /// unless `replacing`.
  mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge, replacing: Bool) {
    precondition(count < slots.count / 2 + 1, "more merges than the table was made for")
    let pair = Self.pair(left, right)
    var slot = firstSlot(pair, ByteHash.secret)
    while slots[slot].pair != Self.free {
      if slots[slot].pair == pair {
        if replacing { slots[slot].merge = merge }
        return
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Slot(pair: pair, merge: merge)
    count += 1
  }

  @inline(__always)
  func merge(_ left: Int32, _ right: Int32, secret: UInt64) -> Merge? {
    let pair = Self.pair(left, right)
    var slot = firstSlot(pair, secret)
    while true {
      let found = slots[slot]
      if found.pair == pair { return found.merge }
      if found.pair == Self.free { return nil }
      slot = (slot + 1) & (slots.count - 1)
    }
  }

  /// Whether some merge makes the symbol.
  func make(_ symbol: Int32) -> Bool {
    slots.contains { $0.pair != Self.free && $0.merge.result == symbol }
  }
}
