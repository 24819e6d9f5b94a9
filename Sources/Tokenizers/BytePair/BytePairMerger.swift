/// Merges the symbols of one word; keeps its scratch space from word to word.
struct BytePairMerger {
  /// Up to this many symbols a scan for the best pair beats a heap.
  static let scanLimit = 40

  private struct Candidate {
    var rank: UInt32
    var left: Int32
    var result: Int32

    @inline(__always)
    func precedes(_ other: Candidate) -> Bool {
      rank != other.rank ? rank < other.rank : left < other.left
    }
  }

  private var symbols: [Int32] = []
  private var ranks: [UInt32] = []
  private var results: [Int32] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var heap: [Candidate] = []

  /// Appends the tokens of a word.
  ///
  /// - Complexity: O(n log n) for n bytes.
  mutating func encode(
    _ word: UnsafeBufferPointer<UInt8>, with model: BytePairModel, into ids: inout [Int32]
  ) {
    symbols.removeAll(keepingCapacity: true)
    for byte in word {
      let symbol = model.byteSymbols[Int(byte)]
      if symbol >= 0 { symbols.append(symbol) }
    }
    if symbols.count > Self.scanLimit {
      mergeByHeap(model)
    } else {
      mergeByScan(model)
    }
    for symbol in symbols { model.emit(symbol, into: &ids) }
  }

  private mutating func mergeByScan(_ model: BytePairModel) {
    let secret = ByteHash.secret
    var count = symbols.count
    guard count > 1 else { return }
    ranks.removeAll(keepingCapacity: true)
    results.removeAll(keepingCapacity: true)
    for index in 0..<count - 1 {
      let merge = model.merges.merge(symbols[index], symbols[index + 1], secret: secret)
      ranks.append(merge?.rank ?? .max)
      results.append(merge?.result ?? 0)
    }
    while count > 1 {
      var best = 0
      for index in 1..<max(count - 1, 1) where ranks[index] < ranks[best] { best = index }
      guard ranks[best] != .max else { break }
      symbols[best] = results[best]
      for index in best + 1..<count - 1 { symbols[index] = symbols[index + 1] }
      for index in best..<count - 2 {
        ranks[index] = ranks[index + 1]
        results[index] = results[index + 1]
      }
      count -= 1
      if best + 1 < count { rank(best, model, secret) }
      if best > 0 { rank(best - 1, model, secret) }
    }
    symbols.removeLast(symbols.count - count)
  }

  @inline(__always)
  private mutating func rank(_ index: Int, _ model: BytePairModel, _ secret: UInt64) {
    let merge = model.merges.merge(symbols[index], symbols[index + 1], secret: secret)
    ranks[index] = merge?.rank ?? .max
    results[index] = merge?.result ?? 0
  }

  // MARK: Long words

  private mutating func mergeByHeap(_ model: BytePairModel) {
    let secret = ByteHash.secret
    let count = symbols.count
    heap.removeAll(keepingCapacity: true)
    next = (0..<Int32(count)).map { Int($0) + 1 < count ? $0 + 1 : -1 }
    previous = (0..<Int32(count)).map { $0 - 1 }
    for index in 0..<Int32(count) - 1 { offer(index, model, secret) }
    while let candidate = popBest() {
      let left = Int(candidate.left)
      guard symbols[left] >= 0, next[left] >= 0 else { continue }
      let right = Int(next[left])
      // A candidate is stale when either side has merged since; then the pair no longer gives its result.
      guard let merge = model.merges.merge(symbols[left], symbols[right], secret: secret),
        merge.result == candidate.result
      else { continue }
      symbols[left] = merge.result
      symbols[right] = -1
      next[left] = next[right]
      if next[right] >= 0 { previous[Int(next[right])] = Int32(left) }
      if previous[left] >= 0 { offer(previous[left], model, secret) }
      offer(Int32(left), model, secret)
    }
    symbols.removeAll { $0 < 0 }
  }

  private mutating func offer(_ left: Int32, _ model: BytePairModel, _ secret: UInt64) {
    let right = next[Int(left)]
    guard right >= 0,
      let merge = model.merges.merge(symbols[Int(left)], symbols[Int(right)], secret: secret)
    else { return }
    heap.append(Candidate(rank: merge.rank, left: left, result: merge.result))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func popBest() -> Candidate? {
    guard let best = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return best }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(heap[parent]) else { break }
      heap.swapAt(parent, child)
      parent = child
    }
    return best
  }
}
