internal import Tokenizers

/// The tokens of a vocabulary by their bytes, tokens with the same beginning together.
///
/// Nodes lie in the order in which a walk visits them; leaving out a beginning is a jump.
struct TokenTrie {
  struct Node {
    var byte: UInt8
    /// Bytes from the root to here, this one included.
    var depth: Int32
    /// The first node that does not begin as this one.
    var end: Int32
    /// The tokens that end here, of `tokens`.
    var firstToken: Int32
    var tokenCount: Int32
  }

  private(set) var nodes: [Node] = []
  private(set) var tokens: [Int32] = []
  /// Bytes of the longest token.
  private(set) var depth = 0

  /// - Parameter texts: The bytes of each token; those without bytes are left out.
  init(_ texts: [[UInt8]]) {
    let order = texts.indices.filter { !texts[$0].isEmpty }.sorted {
      texts[$0].lexicographicallyPrecedes(texts[$1])
    }
    tokens.reserveCapacity(order.count)
    var open: [Int] = []
    var last: [UInt8] = []
    for token in order {
      let text = texts[token]
      let common = zip(last, text).prefix { $0 == $1 }.count
      close(&open, to: common)
      for byte in text[common...] {
        open.append(nodes.count)
        nodes.append(
          Node(
            byte: byte, depth: Int32(open.count), end: 0, firstToken: Int32(tokens.count),
            tokenCount: 0))
      }
      depth = max(depth, text.count)
      nodes[open[open.count - 1]].tokenCount += 1
      tokens.append(Int32(token))
      last = text
    }
    close(&open, to: 0)
  }

  private mutating func close(_ open: inout [Int], to count: Int) {
    while open.count > count { nodes[open.removeLast()].end = Int32(nodes.count) }
  }
}
