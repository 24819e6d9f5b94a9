/// Byte-pair encoding by scores: of all neighbours that together are a piece those with the best score become one,
/// the leftmost first.
///
/// - Source: `bpe_model.cc` of SentencePiece 0.2.3.
struct PieceMerger {
  /// Up to this many symbols a scan for the best pair beats a heap.
  private static let scanLimit = 40

  /// A pair by the piece it becomes.
  private struct Candidate: MergeCandidate {
    var rank: UInt32
    var left: Int32
    /// Behind the last byte of the pair.
    var end: Int32
    var id: Int32

    @inline(__always)
    func precedes(_ other: Candidate) -> Bool {
      rank != other.rank ? rank < other.rank : left < other.left
    }
  }

  /// Where each symbol starts, and behind them where the last one ends.
  private var starts: [Int32] = []
  /// The piece of each symbol, or -1.
  private var ids: [Int32] = []
  private var ranks: [UInt32] = []
  private var pairs: [Int32] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var heap = MergeHeap<Candidate>()
  /// The halves of unused pieces, which do not last, by id: where they meet, and where the piece was found.
  private var halves: [Int32: (start: Int32, middle: Int32, end: Int32)] = [:]

  /// Appends the pieces of a text.
  ///
  /// - Parameter symbols: User-defined symbols that stand by themselves; nil when the text holds none.
  /// - Complexity: O(n log n) for n bytes.
  mutating func encode(
    _ text: UnsafeBufferPointer<UInt8>, with model: PieceModel, symbols: PieceTrie? = nil,
    into output: inout [Int32]
  ) {
    spell(text, symbols)
    if model.hasUnused { halves.removeAll(keepingCapacity: true) }
    if ids.count > Self.scanLimit { mergeByHeap(text, model) } else { mergeByScan(text, model) }
    for index in ids.indices {
      emit(text, from: starts[index], to: starts[index + 1], ids[index], model, 0, &output)
    }
  }

  /// A symbol that no merge made.
  private static let unknown: Int32 = -1
  /// A symbol that merges with none.
  private static let frozen: Int32 = -2

  private mutating func spell(_ text: UnsafeBufferPointer<UInt8>, _ symbols: PieceTrie?) {
    starts.removeAll(keepingCapacity: true)
    ids.removeAll(keepingCapacity: true)
    var place = 0
    while place < text.count {
      let symbol = symbols?.longestMatch(in: text, at: place)
      let width = symbol?.count ?? UTF8Width.width(lead: text[place])
      starts.append(Int32(truncatingIfNeeded: place))
      ids.append(symbol == nil ? Self.unknown : Self.frozen)
      place = min(place + width, text.count)
    }
    starts.append(Int32(truncatingIfNeeded: text.count))
  }

  @inline(__always)
  private mutating func candidate(
    _ text: UnsafeBufferPointer<UInt8>, _ left: Int, _ right: Int, _ end: Int32,
    _ model: PieceModel
  ) -> (rank: UInt32, id: Int32) {
    if ids[left] == Self.frozen || ids[right] == Self.frozen { return (.max, Self.unknown) }
    let start = starts[left]
    let id = model.mergeable(UnsafeBufferPointer(rebasing: text[Int(start)..<Int(end)]))
    guard id >= 0 else { return (.max, id) }
    if model.hasUnused, model.kinds[Int(id)] == .unused { halves[id] = (start, starts[right], end) }
    return (model.ranks[Int(id)], id)
  }

  // MARK: Short texts

  private mutating func mergeByScan(_ text: UnsafeBufferPointer<UInt8>, _ model: PieceModel) {
    guard ids.count > 1 else { return }
    ranks.removeAll(keepingCapacity: true)
    pairs.removeAll(keepingCapacity: true)
    for index in 0..<ids.count - 1 {
      let pair = candidate(text, index, index + 1, starts[index + 2], model)
      ranks.append(pair.rank)
      pairs.append(pair.id)
    }
    while let best = bestPair() {
      ids[best] = pairs[best]
      starts.remove(at: best + 1)
      ids.remove(at: best + 1)
      ranks.remove(at: best)
      pairs.remove(at: best)
      if best > 0 { refresh(best - 1, text, model) }
      if best < ranks.count { refresh(best, text, model) }
    }
  }

  /// The leftmost of the best pairs.
  @inline(__always)
  private func bestPair() -> Int? {
    var best = -1
    var rank = UInt32.max
    for index in ranks.indices where ranks[index] < rank {
      best = index
      rank = ranks[index]
    }
    return best < 0 ? nil : best
  }

  @inline(__always)
  private mutating func refresh(
    _ index: Int, _ text: UnsafeBufferPointer<UInt8>, _ model: PieceModel
  ) {
    let pair = candidate(text, index, index + 1, starts[index + 2], model)
    ranks[index] = pair.rank
    pairs[index] = pair.id
  }

  // MARK: Long texts

  private mutating func mergeByHeap(_ text: UnsafeBufferPointer<UInt8>, _ model: PieceModel) {
    let count = ids.count
    heap.removeAll()
    // The last symbol is followed by the end of the text, which is none.
    next = (0..<Int32(count)).map { $0 + 1 }
    previous = (0..<Int32(count)).map { $0 - 1 }
    var isMerged = [Bool](repeating: false, count: count)
    for index in 0..<Int32(count) - 1 { offer(index, text, model) }
    while let best = heap.popFirst() {
      let left = Int(best.left)
      let right = Int(next[left])
      // A candidate is stale when either side has merged since: the pair then ends elsewhere.
      guard !isMerged[left], right < count, starts[Int(next[right])] == best.end else { continue }
      isMerged[right] = true
      ids[left] = best.id
      next[left] = next[right]
      if Int(next[right]) < count { previous[Int(next[right])] = best.left }
      if previous[left] >= 0 { offer(previous[left], text, model) }
      offer(best.left, text, model)
    }
    keep { !isMerged[$0] }
  }

  /// Drops symbols that became part of the one before.
  private mutating func keep(_ isKept: (Int) -> Bool) {
    let end = starts[ids.count]
    var kept = 0
    for index in ids.indices where isKept(index) {
      starts[kept] = starts[index]
      ids[kept] = ids[index]
      kept += 1
    }
    starts.removeLast(starts.count - kept)
    ids.removeLast(ids.count - kept)
    starts.append(end)
  }

  private mutating func offer(
    _ left: Int32, _ text: UnsafeBufferPointer<UInt8>, _ model: PieceModel
  ) {
    let right = Int(next[Int(left)])
    guard right < ids.count else { return }
    let end = starts[Int(next[right])]
    let pair = candidate(text, Int(left), right, end, model)
    guard pair.id >= 0 else { return }
    heap.insert(Candidate(rank: pair.rank, left: left, end: end, id: pair.id))
  }

  // MARK: Output

  /// Unused pieces that hold others that deep are taken as they are, as the original takes them.
  private static let depthLimit = 100

  /// Appends what a symbol is in the end: a piece, the pieces it was made of, or what is unknown.
  private func emit(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int32, to end: Int32, _ merged: Int32,
    _ model: PieceModel, _ depth: Int, _ output: inout [Int32]
  ) {
    let symbol = UnsafeBufferPointer(rebasing: text[Int(start)..<Int(end)])
    let id = merged >= 0 ? merged : model.mergeable(symbol)
    guard id >= 0 else { return model.emitUnknown(symbol, into: &output) }
    guard model.hasUnused, model.kinds[Int(id)] == .unused, depth <= Self.depthLimit else {
      return output.append(id)
    }
    guard let half = halves[id] else { return model.emitUnknown(symbol, into: &output) }
    for (start, end) in [(half.start, half.middle), (half.middle, half.end)] {
      emit(text, from: start, to: end, Self.unknown, model, depth + 1, &output)
    }
  }
}
