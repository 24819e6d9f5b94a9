/// Remembers the tokens of the words of one call, for most words of a text come again.
///
/// Two-way, bounded, without eviction beyond overwriting: each hash has one place.
struct WordCache {
  /// Longer words seldom come again.
  static let longestWord = 32
  static let slotCount = 1 << 14

  private struct Slot {
    var hash: UInt64 = 0
    var wordStart: UInt32 = 0
    var wordCount: UInt8 = 0
    var idCount: UInt8 = 0
    var idStart: UInt32 = 0
  }

  private var slots: [Slot] = []
  private var words: [UInt8] = []
  private var ids: [Int32] = []
  /// When what was overwritten adds up to this many bytes, all is forgotten.
  private static let arenaLimit = 1 << 22

  /// Appends the tokens of a word that is remembered; false when it is not.
  @inline(__always)
  func append(_ word: UnsafeBufferPointer<UInt8>, _ hash: UInt64, to output: inout [Int32]) -> Bool
  {
    guard !slots.isEmpty else { return false }
    let slot = slots[Int(truncatingIfNeeded: hash >> 32) & (Self.slotCount - 1)]
    guard slot.hash == hash, Int(slot.wordCount) == word.count else { return false }
    for index in 0..<word.count where words[Int(slot.wordStart) + index] != word[index] {
      return false
    }
    for index in 0..<Int(slot.idCount) { output.append(ids[Int(slot.idStart) + index]) }
    return true
  }

  mutating func remember(
    _ word: UnsafeBufferPointer<UInt8>, _ hash: UInt64, _ tokens: ArraySlice<Int32>
  ) {
    guard tokens.count <= 255 else { return }
    if slots.isEmpty || words.count > Self.arenaLimit || ids.count > Self.arenaLimit {
      slots = [Slot](repeating: Slot(), count: Self.slotCount)
      words.removeAll(keepingCapacity: true)
      ids.removeAll(keepingCapacity: true)
    }
    slots[Int(truncatingIfNeeded: hash >> 32) & (Self.slotCount - 1)] = Slot(
      hash: hash, wordStart: UInt32(words.count), wordCount: UInt8(word.count),
      idCount: UInt8(tokens.count), idStart: UInt32(ids.count))
    words.append(contentsOf: word)
    ids.append(contentsOf: tokens)
  }
}
