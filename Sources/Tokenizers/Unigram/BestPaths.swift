/// The best path through the pieces of a text, to each of its places.
struct BestPaths<Score: BinaryFloatingPoint> {
  /// The best path that ends at a place.
  private struct End {
    var score: Score = 0
    /// Where its last piece starts; -1 when no path ends here.
    var start: Int32 = -1
    var id: Int32 = -1
  }

  /// By id; symbols that are always taken have none of their own.
  private let scores: [Score]
  private let unknownScore: Score
  private var ends: [End] = []

  init(_ model: UnigramModel) {
    scores = zip(model.scores, model.isUserDefined).map { $1 ? .nan : Score($0) }
    unknownScore = Score(model.lowestScore) - Score(UnigramModel.unknownPenalty)
  }

  /// The pieces of the best path to a place, the last first.
  func path(to place: Int) -> [(id: Int32, range: Range<Int>)] {
    var path: [(id: Int32, range: Range<Int>)] = []
    var end = place
    while end > 0, ends[end].start >= 0 {
      let start = Int(ends[end].start)
      path.append((ends[end].id, start..<end))
      end = start
    }
    return path
  }

  mutating func find(
    _ text: UnsafeBufferPointer<UInt8>, _ model: UnigramModel, resetsAt threshold: Score?
  ) {
    ends.removeAll(keepingCapacity: true)
    ends.append(contentsOf: repeatElement(End(), count: text.count + 1))
    let unknown = (id: model.unknown, score: unknownScore)
    let scores = scores
    ends.withUnsafeMutableBufferPointer { ends in
      model.trie.nodes.withUnsafeBufferPointer { nodes in
        scores.withUnsafeBufferPointer { scores in
          var start = 0
          var frontier = 0
          while start < text.count {
            if let threshold, abs(ends[start].score) > threshold {
              Self.reset(ends, from: start, to: frontier)
            }
            let width = min(UTF8Width.width(lead: text[start]), text.count - start)
            Self.extend(text, from: start, width, nodes, scores, unknown, ends, &frontier)
            start += width
          }
        }
      }
    }
  }

  /// Continues the best path to a place by every piece that starts there.
  @inline(__always)
  private static func extend(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ width: Int,
    _ nodes: UnsafeBufferPointer<PieceTrie.Node>, _ scores: UnsafeBufferPointer<Score>,
    _ unknown: (id: Int32, score: Score), _ ends: UnsafeMutableBufferPointer<End>,
    _ frontier: inout Int
  ) {
    let sum = ends[start].score
    let origin = Int32(truncatingIfNeeded: start)
    var hasCharacter = false
    var node = 0
    var place = start
    while place < text.count {
      node = PieceTrie.child(nodes, of: node, text[place])
      guard node > 0 else { break }
      place += 1
      let id = nodes[node].value
      guard id >= 0 else { continue }
      let count = place - start
      var score = scores[Int(id)]
      if score.isNaN { score = Score(Float(0.1 * Double(count - 1))) }
      offer(End(score: score + sum, start: origin, id: id), at: place, ends)
      frontier = max(frontier, place)
      if count == width { hasCharacter = true }
    }
    if !hasCharacter {
      let end = start + width
      offer(End(score: unknown.score + sum, start: origin, id: unknown.id), at: end, ends)
      frontier = max(frontier, end)
    }
  }

  @inline(__always)
  private static func offer(
    _ end: End, at place: Int, _ ends: UnsafeMutableBufferPointer<End>
  ) {
    if ends[place].start < 0 || end.score > ends[place].score { ends[place] = end }
  }

  /// Takes the sum at a place from all sums that are still compared.
  private static func reset(
    _ ends: UnsafeMutableBufferPointer<End>, from start: Int, to frontier: Int
  ) {
    let offset = ends[start].score
    for place in start...max(start, frontier) where place == start || ends[place].start >= 0 {
      ends[place].score -= offset
    }
  }
}
