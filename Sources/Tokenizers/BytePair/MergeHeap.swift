/// What may merge, and whether it does before something else.
protocol MergeCandidate {
  func precedes(_ other: Self) -> Bool
}

/// The candidates of one word, of which the first to merge is taken out first; keeps its memory from word to word.
struct MergeHeap<Candidate: MergeCandidate> {
  private var heap: [Candidate] = []

  mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

  mutating func insert(_ candidate: Candidate) {
    heap.append(candidate)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popFirst() -> Candidate? {
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
