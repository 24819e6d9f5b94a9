/// Merges the tokens of one word pair by pair; keeps its scratch space from word to word.
struct PairMerger {
  /// Up to this many tokens a scan for the best pair beats a heap.
  private static let scanLimit = 24
  private static let none = UInt32.max

  private struct Candidate: MergeCandidate {
    var rank: UInt32
    var left: Int32
    var id: Int32

    @inline(__always)
    func precedes(_ other: Candidate) -> Bool {
      rank != other.rank ? rank < other.rank : left < other.left
    }
  }

  private var tokens: [Int32] = []
  private var merges: [PairTable.Merge] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var heap = MergeHeap<Candidate>()

  /// Turns to a new word.
  mutating func begin() { tokens.removeAll(keepingCapacity: true) }

  @inline(__always)
  mutating func append(_ token: Int32) { tokens.append(token) }

  /// Merges what was appended, best pair first and of equals the leftmost, and appends what is left.
  ///
  /// - Complexity: O(n log n) in the tokens.
  mutating func merge(by table: PairTable, into ids: inout [Int32]) {
    if tokens.count > 1 {
      if tokens.count > Self.scanLimit { mergeByHeap(table) } else { mergeByScan(table) }
    }
    ids.append(contentsOf: tokens)
  }

  private mutating func mergeByScan(_ table: PairTable) {
    merges.removeAll(keepingCapacity: true)
    for index in 0..<tokens.count - 1 { merges.append(pair(index, table)) }
    while let best = merges.indices.min(by: { merges[$0].rank < merges[$1].rank }),
      merges[best].rank != Self.none
    {
      tokens[best] = merges[best].id
      tokens.remove(at: best + 1)
      merges.remove(at: best)
      if best < merges.count { merges[best] = pair(best, table) }
      if best > 0 { merges[best - 1] = pair(best - 1, table) }
    }
  }

  @inline(__always)
  private func pair(_ index: Int, _ table: PairTable) -> PairTable.Merge {
    table[tokens[index], tokens[index + 1]] ?? .init(rank: Self.none, id: 0)
  }

  // MARK: Long words

  private mutating func mergeByHeap(_ table: PairTable) {
    let count = tokens.count
    heap.removeAll()
    next = (0..<Int32(count)).map { $0 + 1 }
    previous = (0..<Int32(count)).map { $0 - 1 }
    for index in 0..<Int32(count) - 1 { offer(index, table) }
    while let candidate = heap.popFirst() {
      let left = Int(candidate.left)
      let right = Int(next[left])
      // A candidate is stale when either side has merged since.
      guard tokens[left] >= 0, right < count,
        table[tokens[left], tokens[right]]?.id == candidate.id
      else { continue }
      tokens[left] = candidate.id
      tokens[right] = -1
      next[left] = next[right]
      if Int(next[right]) < count { previous[Int(next[right])] = Int32(left) }
      if previous[left] >= 0 { offer(previous[left], table) }
      offer(Int32(left), table)
    }
    tokens.removeAll { $0 < 0 }
  }

  private mutating func offer(_ left: Int32, _ table: PairTable) {
    let right = Int(next[Int(left)])
    guard right < tokens.count, let merge = table[tokens[Int(left)], tokens[right]] else { return }
    heap.insert(Candidate(rank: merge.rank, left: left, id: merge.id))
  }
}
