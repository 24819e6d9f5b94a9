/// Sorts candidates by 32-bit keys, smallest first and equal keys in the order they had, without
/// allocating once its memory is as large as the longest list.
struct RadixSorter: Sendable {
  private typealias Keyed = (key: UInt32, item: Candidate)

  private static let digitBits = 11
  private static let digitCount = 1 << digitBits
  private static let passCount = 3

  /// How often each digit occurs, then where items with it go: one stretch a pass.
  private var slots = [Int](repeating: 0, count: passCount * digitCount)
  private var keyed: [Keyed] = []
  private var other: [Keyed] = []

  /// The key of a number that is not NaN, such that larger numbers come first.
  static func descending(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits >> 31 == 1 ? bits : ~bits & 0x7FFF_FFFF
  }

  /// - Parameter key: The key of an item and its index.
  mutating func sort(_ items: inout [Candidate], by key: (Candidate, Int) -> UInt32) {
    grow(to: items.count)
    clear()
    for index in items.indices {
      let key = key(items[index], index)
      keyed[index] = (key, items[index])
      for pass in 0..<Self.passCount { slots[Self.slot(key, pass)] += 1 }
    }
    for pass in 0..<Self.passCount {
      findPlaces(pass)
      Self.distribute(keyed, &other, items.count, &slots, pass)
      swap(&keyed, &other)
    }
    for index in items.indices { items[index] = keyed[index].item }
  }

  /// The largest key with the leading digit of the key that comes in place `limit`: what is above it is
  /// not among the first `limit`.
  mutating func lastKey(of limit: Int, _ keys: some Sequence<UInt32>) -> UInt32 {
    clear()
    let pass = Self.passCount - 1
    for key in keys { slots[Self.slot(key, pass)] += 1 }
    var sum = 0
    for digit in 0..<Self.digitCount {
      sum += slots[pass * Self.digitCount + digit]
      if sum >= limit {
        return UInt32(truncatingIfNeeded: ((digit + 1) << (pass * Self.digitBits)) - 1)
      }
    }
    return .max
  }

  /// Claims memory for lists of `count` items, which is touched as lists need it.
  mutating func reserve(_ count: Int) {
    keyed.reserveCapacity(count)
    other.reserveCapacity(count)
  }

  private mutating func grow(to count: Int) {
    guard keyed.count < count else { return }
    let blanks = repeatElement((0, Candidate(id: 0, logit: 0)) as Keyed, count: count - keyed.count)
    keyed.append(contentsOf: blanks)
    other.append(contentsOf: blanks)
  }

  private mutating func clear() {
    for index in slots.indices { slots[index] = 0 }
  }

  private mutating func findPlaces(_ pass: Int) {
    var place = 0
    for slot in pass * Self.digitCount..<(pass + 1) * Self.digitCount {
      let count = slots[slot]
      slots[slot] = place
      place += count
    }
  }

  private static func distribute(
    _ source: [Keyed], _ destination: inout [Keyed], _ count: Int, _ slots: inout [Int], _ pass: Int
  ) {
    for index in 0..<count {
      let slot = Self.slot(source[index].key, pass)
      destination[slots[slot]] = source[index]
      slots[slot] += 1
    }
  }

  private static func slot(_ key: UInt32, _ pass: Int) -> Int {
    pass * digitCount + Int(key >> UInt32(pass * digitBits)) & (digitCount - 1)
  }
}
