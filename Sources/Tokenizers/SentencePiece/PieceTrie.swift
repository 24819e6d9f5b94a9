/// Byte strings with a number each, found by their beginnings: a trie in one array, where the children of a node lie
/// at its base plus their byte.
///
/// - Source: Aoe, An Efficient Digital Search Algorithm by Using a Double-Array Structure (1989).
struct PieceTrie: Sendable, Equatable {
  struct Node: Sendable, Equatable {
    var base: Int32 = 0
    /// -1 for a place that is free.
    var parent: Int32 = -1
    /// The number of the string that ends here, or -1.
    var value: Int32 = -1
  }

  /// The root is the first.
  private(set) var nodes: [Node]

  var isEmpty: Bool { nodes.count <= 1 }

  /// - Parameter pieces: No string twice, none empty.
  init(_ pieces: [(text: ArraySlice<UInt8>, value: Int32)]) {
    var builder = PieceTrieBuilder()
    builder.build(pieces.sorted { $0.text.lexicographicallyPrecedes($1.text) })
    nodes = builder.nodes
  }

  /// The child of a node by a byte, or -1.
  @inline(__always)
  static func child(_ nodes: UnsafeBufferPointer<Node>, of node: Int, _ byte: UInt8) -> Int {
    let child = Int(nodes[node].base) &+ Int(byte)
    return child < nodes.count && nodes[child].parent == Int32(truncatingIfNeeded: node)
      ? child : -1
  }

  /// The longest string that the text has at a place.
  func longestMatch(in text: UnsafeBufferPointer<UInt8>, at start: Int) -> (
    count: Int, value: Int32
  )? {
    nodes.withUnsafeBufferPointer { nodes in
      var node = 0
      var best: (Int, Int32)?
      for place in start..<text.count {
        node = Self.child(nodes, of: node, text[place])
        guard node > 0 else { break }
        if nodes[node].value >= 0 { best = (place + 1 - start, nodes[node].value) }
      }
      return best
    }
  }
}

/// Places the nodes of a ``PieceTrie``.
private struct PieceTrieBuilder {
  /// The root is no child of any node.
  private(set) var nodes = [PieceTrie.Node(parent: .max)]
  /// The next free place of each free place; the list starts at place 0, which is not free.
  private var nextFree: [Int32] = [0]
  private var previousFree: [Int32] = [0]
  /// How many free places are tried before a family goes to the end.
  private static let tries = 24

  private struct Range {
    var pieces: Swift.Range<Int>
    var depth: Int
    var node: Int32
  }

  mutating func build(_ pieces: [(text: ArraySlice<UInt8>, value: Int32)]) {
    var open = [Range(pieces: 0..<pieces.count, depth: 0, node: 0)]
    var labels: [UInt8] = []
    var starts: [Int] = []
    while let range = open.popLast() {
      labels.removeAll(keepingCapacity: true)
      starts.removeAll(keepingCapacity: true)
      for index in range.pieces {
        let text = pieces[index].text
        guard text.count > range.depth else {
          nodes[Int(range.node)].value = pieces[index].value
          continue
        }
        let byte = text[text.startIndex + range.depth]
        if labels.last != byte {
          labels.append(byte)
          starts.append(index)
        }
      }
      guard !labels.isEmpty else { continue }
      let base = place(labels)
      nodes[Int(range.node)].base = base
      for (index, label) in labels.enumerated() {
        let end = index + 1 < starts.count ? starts[index + 1] : range.pieces.upperBound
        let child = base + Int32(label)
        take(child, parent: range.node)
        open.append(Range(pieces: starts[index]..<end, depth: range.depth + 1, node: child))
      }
    }
  }

  /// A base at which all labels have a free place.
  private mutating func place(_ labels: [UInt8]) -> Int32 {
    var free = nextFree[0]
    for _ in 0..<Self.tries where free != 0 {
      let base = free - Int32(labels[0])
      if base >= 0, labels.dropFirst().allSatisfy({ isFree(base + Int32($0)) }) {
        return base
      }
      free = nextFree[Int(free)]
    }
    return Int32(max(0, nodes.count - Int(labels[0])))
  }

  private func isFree(_ place: Int32) -> Bool {
    place >= nodes.count || nodes[Int(place)].parent < 0
  }

  private mutating func take(_ place: Int32, parent: Int32) {
    while nodes.count <= place { appendFree() }
    nodes[Int(place)].parent = parent
    let (before, after) = (previousFree[Int(place)], nextFree[Int(place)])
    nextFree[Int(before)] = after
    previousFree[Int(after)] = before
  }

  /// New places go to the front of the list, for those tried in vain should not be tried again and again.
  private mutating func appendFree() {
    let place = Int32(nodes.count)
    nodes.append(PieceTrie.Node())
    let first = nextFree[0]
    nextFree.append(first)
    previousFree.append(0)
    previousFree[Int(first)] = place
    nextFree[0] = place
  }
}
