/// Where rules return to: stacks that share what is below, each kept once.
struct FrameTable {
  /// The frame of the rule that no rule called.
  static let bottom: Int32 = 0
  /// Rules inside rules; deeper calls are not followed.
  static let maximumDepth: Int32 = 1024
  private static let capacity = 1 << 16
  /// Frames that are never more; calls beyond are not followed.
  private static let maximumCount = 1 << 17

  /// What a frame returns to: a node, and the frame in which it goes on.
  private var returns = [GrammarAutomaton.Thread(node: Grammar.end, frame: bottom)]
  private var depths: [Int32] = [0]
  private var numbers: [GrammarAutomaton.Thread: Int32] = [:]

  var isFull: Bool { returns.count >= Self.capacity }

  subscript(frame: Int32) -> GrammarAutomaton.Thread { returns[Int(frame)] }

  /// The frame that goes on at `node` in `frame`; nil where that is too deep or one too many.
  mutating func frame(returningTo node: Int32, below frame: Int32) -> Int32? {
    let key = GrammarAutomaton.Thread(node: node, frame: frame)
    if let number = numbers[key] { return number }
    let depth = depths[Int(frame)] + 1
    guard depth <= Self.maximumDepth, returns.count < Self.maximumCount else { return nil }
    let number = Int32(returns.count)
    returns.append(key)
    depths.append(depth)
    numbers[key] = number
    return number
  }

  /// Brings a frame over from another table.
  ///
  /// - Parameter moved: Frames that are here already, by their old numbers.
  mutating func copy(_ frame: Int32, from other: FrameTable, _ moved: inout [Int32: Int32]) -> Int32
  {
    var path: [Int32] = []
    var at = frame
    while moved[at] == nil {
      path.append(at)
      at = other[at].frame
    }
    var below = moved[at] ?? Self.bottom
    for old in path.reversed() {
      // As deep as it was there and among no more, so it fits here.
      below = self.frame(returningTo: other[old].node, below: below) ?? below
      moved[old] = below
    }
    return below
  }
}
