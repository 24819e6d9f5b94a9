/// Merges the symbols of one word; keeps its scratch space from word to word.
struct BytePairMerger {
  /// Up to this many symbols a scan for the best pair beats a heap.
  static let scanLimit = 40

  private struct Candidate: MergeCandidate {
    var rank: MergeTable.Rank
    var left: Int32
    /// Behind the last byte of the pair.
    var end: Int32

    @inline(__always)
    func precedes(_ other: Candidate) -> Bool {
      rank != other.rank ? rank < other.rank : left < other.left
    }
  }

  /// The word as its symbols spell it.
  private var text: [UInt8] = []
  /// Where each symbol starts, and behind them where the last one ends.
  private var starts: [Int32] = []
  private var hashes: [UInt64] = []
  private var ranks: [MergeTable.Rank] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var heap = MergeHeap<Candidate>()

  /// Appends the tokens of a word.
  ///
  /// - Complexity: O(n log n) for n bytes.
  mutating func encode(
    _ word: UnsafeBufferPointer<UInt8>, with model: BytePairModel, into ids: inout [Int32]
  ) {
    switch model.merges {
    case .listed(let merges): encode(word, with: model, merges: merges, into: &ids)
    case .ranked(let merges): encode(word, with: model, merges: merges, into: &ids)
    }
  }

  /// The same with other merges than the model's.
  mutating func encode(
    _ word: UnsafeBufferPointer<UInt8>, with model: BytePairModel, merges: some MergeRanks,
    into ids: inout [Int32]
  ) {
    spell(word, model)
    let text = self.text
    text.withUnsafeBytes { text in
      merge(Pairs(text: text, merges: merges, secret: ByteHash.secret)) {
        model.emit($0, hash: $1, into: &ids)
      }
    }
  }

  /// Appends the tokens of a word that starts as its characters.
  ///
  /// - Complexity: O(n log n) for n bytes.
  mutating func encode(
    _ word: UnsafeBufferPointer<UInt8>, with model: TextPairModel, into ids: inout [Int32]
  ) {
    let text = UnsafeRawBufferPointer(word)
    let pairs = Pairs(text: text, merges: model.merges, secret: ByteHash.secret)
    starts.removeAll(keepingCapacity: true)
    hashes.removeAll(keepingCapacity: true)
    var place = 0
    while place < word.count {
      let end = min(place + UTF8Width.width(lead: word[place]), word.count)
      starts.append(Int32(truncatingIfNeeded: place))
      hashes.append(
        pairs.hash(from: Int32(truncatingIfNeeded: place), to: Int32(truncatingIfNeeded: end)))
      place = end
    }
    starts.append(Int32(truncatingIfNeeded: word.count))
    merge(pairs) { model.emit($0, hash: $1, into: &ids) }
  }

  /// Merges the symbols, and calls `emit` with the text and hash of each that is left.
  @inline(__always)
  private mutating func merge(
    _ pairs: Pairs<some MergeRanks>, emit: (UnsafeBufferPointer<UInt8>, UInt64) -> Void
  ) {
    if hashes.count > Self.scanLimit { mergeByHeap(pairs) } else { mergeByScan(pairs) }
    for index in hashes.indices {
      let symbol = pairs.text(from: starts[index], to: starts[index + 1])
      emit(symbol.assumingMemoryBound(to: UInt8.self), hashes[index])
    }
  }

  private mutating func spell(_ word: UnsafeBufferPointer<UInt8>, _ model: BytePairModel) {
    text.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    hashes.removeAll(keepingCapacity: true)
    for byte in word where !model.spellings[Int(byte)].isEmpty {
      starts.append(Int32(text.count))
      hashes.append(model.hashes[Int(byte)])
      text.append(contentsOf: model.spellings[Int(byte)])
    }
    starts.append(Int32(text.count))
  }

  /// The pairs of neighbours of one word.
  private struct Pairs<Merges: MergeRanks> {
    let text: UnsafeRawBufferPointer
    let merges: Merges
    let secret: UInt64

    @inline(__always)
    func text(from start: Int32, to end: Int32) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: text[Int(start)..<Int(end)])
    }

    @inline(__always)
    func hash(from start: Int32, to end: Int32) -> UInt64 {
      ByteHash.hash(text(from: start, to: end), secret: secret)
    }

    @inline(__always)
    func rank(_ start: Int32, _ middle: Int32, _ end: Int32, _ hashes: (UInt64, UInt64))
      -> MergeTable.Rank
    {
      merges.rank(
        of: text(from: start, to: end), middle: Int(middle - start), hashes: hashes, secret: secret)
    }
  }

  private mutating func mergeByScan(_ pairs: Pairs<some MergeRanks>) {
    guard hashes.count > 1 else { return }
    ranks.removeAll(keepingCapacity: true)
    for index in 0..<hashes.count - 1 { ranks.append(rank(index, pairs)) }
    while let best = ranks.indices.min(by: { ranks[$0] < ranks[$1] }),
      ranks[best] != MergeTable.none
    {
      starts.remove(at: best + 1)
      hashes.remove(at: best + 1)
      ranks.remove(at: best)
      hashes[best] = pairs.hash(from: starts[best], to: starts[best + 1])
      if best < ranks.count { ranks[best] = rank(best, pairs) }
      if best > 0 { ranks[best - 1] = rank(best - 1, pairs) }
    }
  }

  @inline(__always)
  private func rank(_ index: Int, _ pairs: Pairs<some MergeRanks>) -> MergeTable.Rank {
    pairs.rank(
      starts[index], starts[index + 1], starts[index + 2], (hashes[index], hashes[index + 1]))
  }

  // MARK: Long words

  private mutating func mergeByHeap(_ pairs: Pairs<some MergeRanks>) {
    let count = hashes.count
    heap.removeAll()
    // The last symbol is followed by the end of the word, which is none.
    next = (0..<Int32(count)).map { $0 + 1 }
    previous = (0..<Int32(count)).map { $0 - 1 }
    var isMerged = [Bool](repeating: false, count: count)
    for index in 0..<Int32(count) - 1 { offer(index, pairs) }
    while let candidate = heap.popFirst() {
      let left = Int(candidate.left)
      let right = Int(next[left])
      // A candidate is stale when either side has merged since: the pair then ends elsewhere.
      guard !isMerged[left], right < count, starts[Int(next[right])] == candidate.end else {
        continue
      }
      isMerged[right] = true
      next[left] = next[right]
      if Int(next[right]) < count { previous[Int(next[right])] = Int32(left) }
      hashes[left] = pairs.hash(from: starts[left], to: candidate.end)
      if previous[left] >= 0 { offer(previous[left], pairs) }
      offer(Int32(left), pairs)
    }
    keep { !isMerged[$0] }
  }

  /// Drops symbols that became part of the one before.
  private mutating func keep(_ isKept: (Int) -> Bool) {
    let end = starts[hashes.count]
    var kept = 0
    for index in hashes.indices where isKept(index) {
      starts[kept] = starts[index]
      hashes[kept] = hashes[index]
      kept += 1
    }
    starts.removeLast(starts.count - kept)
    hashes.removeLast(hashes.count - kept)
    starts.append(end)
  }

  private mutating func offer(_ left: Int32, _ pairs: Pairs<some MergeRanks>) {
    let right = Int(next[Int(left)])
    guard right < hashes.count else { return }
    let end = starts[Int(next[right])]
    let rank = pairs.rank(
      starts[Int(left)], starts[right], end, (hashes[Int(left)], hashes[right]))
    guard rank != MergeTable.none else { return }
    heap.insert(Candidate(rank: rank, left: left, end: end))
  }
}
