/// Tokens that are found in the text as they stand, before it is cut into words.
struct AddedTokens: Sendable {
  struct Token: Sendable {
    var id: Int32
    var content: String
    /// Only found when the caller lets special tokens be parsed.
    var isSpecial: Bool
    /// Looked for in the normalized text rather than in the text as given.
    var isNormalized = false
    /// Takes the white space to its left, or right, with it.
    var stripsLeft = false
    var stripsRight = false
    /// Not found inside a longer word.
    var isSingleWord = false
  }

  private(set) var tokens: [Token] = []
  private var raw = TokenTrie()
  private var rawPlain = TokenTrie()
  private var normalized = TokenTrie()
  private var normalizedPlain = TokenTrie()

  init(_ tokens: [Token], normalizer: Normalizer) {
    for token in tokens where !token.content.isEmpty {
      let number = Int32(self.tokens.count)
      self.tokens.append(token)
      if token.isNormalized {
        let content = Array(normalizer.normalize(token.content).utf8)
        normalized.insert(content, number)
        if !token.isSpecial { normalizedPlain.insert(content, number) }
      } else {
        let content = Array(token.content.utf8)
        raw.insert(content, number)
        if !token.isSpecial { rawPlain.insert(content, number) }
      }
    }
  }

  enum Pass { case raw, normalized }

  func isEmpty(_ pass: Pass) -> Bool { pass == .raw ? raw.isEmpty : normalized.isEmpty }

  /// Cuts a text at the tokens found in it, leftmost first, of those the longest.
  func split(
    _ text: UnsafeBufferPointer<UInt8>, _ pass: Pass, parseSpecial: Bool,
    piece: (Range<Int>) -> Void, token: (Int32) -> Void
  ) {
    let trie =
      switch (pass, parseSpecial) {
      case (.raw, true): raw
      case (.raw, false): rawPlain
      case (.normalized, true): normalized
      case (.normalized, false): normalizedPlain
      }
    var start = 0
    var from = 0
    while let found = trie.firstMatch(in: text, from: from) {
      from = found.range.upperBound
      // A token that normalizing leaves nothing of is found between all characters.
      if found.range.isEmpty { from += from < text.count ? UTF8Text.width(text[from]) : 1 }
      let match = tokens[Int(found.token)]
      if match.isSingleWord, !standsAlone(found.range, in: text) { continue }
      var left = found.range.lowerBound
      var right = found.range.upperBound
      if match.stripsLeft { left = max(start, TextScan.spaceStart(before: left, in: text)) }
      if match.stripsRight { right = TextScan.spaceEnd(after: right, in: text) }
      if left > start { piece(start..<left) }
      // The search goes on inside the white space taken to the right; a token that is left nothing there is none.
      if right > left { token(match.id) }
      start = right
    }
    if start < text.count { piece(start..<text.count) }
  }

  private func standsAlone(_ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Bool {
    !TextScan.endsWithWord(text, at: range.lowerBound)
      && !TextScan.startsWithWord(text, at: range.upperBound)
  }
}

/// Looks at the scalars beside an offset of well-formed UTF-8.
private enum TextScan {
  private static let wordPages = ScalarPages.bits { ScalarProperty.word.contains($0) }
  private static let spacePages = ScalarPages.bits { ScalarProperty.whiteSpace.contains($0) }

  static func startsWithWord(_ text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Bool {
    offset < text.count && wordPages.bit(UTF8Text.scalar(text, offset))
  }

  static func endsWithWord(_ text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Bool {
    offset > 0 && startsWithWord(text, at: UTF8Text.before(offset, text))
  }

  static func spaceStart(before offset: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var start = offset
    while start > 0 {
      let at = UTF8Text.before(start, text)
      guard spacePages.bit(UTF8Text.scalar(text, at)) else { break }
      start = at
    }
    return start
  }

  static func spaceEnd(after offset: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var end = offset
    while end < text.count, spacePages.bit(UTF8Text.scalar(text, end)) {
      end += UTF8Text.width(text[end])
    }
    return end
  }
}

/// A trie of byte strings; the children of a node are a linked list.
private struct TokenTrie: Sendable {
  private struct Node: Sendable {
    var byte: UInt8
    var token: Int32 = -1
    var firstChild: Int32 = -1
    var nextSibling: Int32 = -1
  }

  private var nodes: [Node] = []
  /// The node of every first byte, or -1.
  private var roots = [Int32](repeating: -1, count: 256)

  /// A token without a text.
  private var emptyToken: Int32?

  var isEmpty: Bool { nodes.isEmpty && emptyToken == nil }

  mutating func insert(_ content: [UInt8], _ token: Int32) {
    guard !content.isEmpty else {
      emptyToken = token
      return
    }
    var at = roots[Int(content[0])]
    if at < 0 {
      at = Int32(nodes.count)
      nodes.append(Node(byte: content[0]))
      roots[Int(content[0])] = at
    }
    for byte in content.dropFirst() {
      if let child = child(of: at, byte) {
        at = child
        continue
      }
      let new = Int32(nodes.count)
      nodes.append(Node(byte: byte, nextSibling: nodes[Int(at)].firstChild))
      nodes[Int(at)].firstChild = new
      at = new
    }
    nodes[Int(at)].token = token
  }

  private func child(of node: Int32, _ byte: UInt8) -> Int32? {
    var at = nodes[Int(node)].firstChild
    while at >= 0 {
      if nodes[Int(at)].byte == byte { return at }
      at = nodes[Int(at)].nextSibling
    }
    return nil
  }

  /// The leftmost token from an offset on, and of those the longest.
  func firstMatch(in text: UnsafeBufferPointer<UInt8>, from start: Int)
    -> (range: Range<Int>, token: Int32)?
  {
    guard !isEmpty, start <= text.count else { return nil }
    if let emptyToken { return match(in: text, at: start) ?? (start..<start, emptyToken) }
    return roots.withUnsafeBufferPointer { roots in
      for first in start..<text.count where roots[Int(text[first])] >= 0 {
        if let match = match(in: text, at: first) { return match }
      }
      return nil
    }
  }

  /// The longest token at an offset.
  private func match(in text: UnsafeBufferPointer<UInt8>, at first: Int)
    -> (range: Range<Int>, token: Int32)?
  {
    guard first < text.count, case var at = roots[Int(text[first])], at >= 0 else { return nil }
    var best: (Range<Int>, Int32)?
    var end = first + 1
    while true {
      if nodes[Int(at)].token >= 0 { best = (first..<end, nodes[Int(at)].token) }
      guard end < text.count, let next = child(of: at, text[end]) else { return best }
      at = next
      end += 1
    }
  }
}
