/// Byte-level byte-pair encoding: which symbol each byte starts as, and which symbols merge.
///
/// Symbols below the vocabulary's count are its tokens. A GGUF may hold merges whose parts or whole are no
/// tokens; llama.cpp merges them all the same, and so such texts get symbols beyond the vocabulary, with what
/// they become in the end.
struct BytePairModel: Sendable {
  /// The symbol of each byte; -1 when the vocabulary lacks it and the byte is dropped.
  private(set) var byteSymbols: [Int32]
  private(set) var merges: MergeTable
  let vocabularyCount: Int32
  /// Whether a word that is a token is taken whole.
  let ignoresMerges: Bool
  /// What symbols beyond the vocabulary become.
  private(set) var expansions: [[Int32]] = []

  /// What to do with a merge that names a text outside the vocabulary.
  enum UnknownMerges { case refused, tolerated }

  /// - Parameters:
  ///   - merges: Pairs of texts, best first.
  ///   - unknown: The token for bytes that the vocabulary lacks, if it has one.
  init(
    vocabulary: Vocabulary, merges pairs: [(left: Substring, right: Substring)],
    unknown: Int32?, ignoresMerges: Bool, unknownMerges: UnknownMerges
  ) throws(TokenizerError) {
    vocabularyCount = Int32(vocabulary.count)
    self.ignoresMerges = ignoresMerges
    merges = MergeTable(capacity: pairs.count)
    let isTolerant = unknownMerges == .tolerated
    var symbols = SymbolNames(vocabulary: vocabulary, invents: isTolerant)
    byteSymbols = []
    for scalar in ByteAlphabet.scalars {
      let symbol = Array(String(scalar).utf8).withUnsafeBufferPointer { symbols.symbol(of: $0) }
      byteSymbols.append(symbol ?? unknown ?? -1)
    }
    var whole: [UInt8] = []
    for (index, pair) in pairs.enumerated() {
      whole.removeAll(keepingCapacity: true)
      whole.append(contentsOf: pair.left.utf8)
      let middle = whole.count
      whole.append(contentsOf: pair.right.utf8)
      let found = whole.withUnsafeBufferPointer { text in
        (
          symbols.symbol(of: UnsafeBufferPointer(rebasing: text[..<middle])),
          symbols.symbol(of: UnsafeBufferPointer(rebasing: text[middle...])),
          symbols.symbol(of: text)
        )
      }
      guard let left = found.0, let right = found.1, let result = found.2 else {
        throw .unknownMerge(index: index, left: String(pair.left), right: String(pair.right))
      }
      merges.insert(
        left, right, .init(rank: UInt32(index), result: result), replacing: !isTolerant)
    }
    expansions = symbols.expansions
  }

  /// Appends what a symbol becomes in the end.
  @inline(__always)
  func emit(_ symbol: Int32, into ids: inout [Int32]) {
    if symbol < vocabularyCount {
      ids.append(symbol)
    } else {
      ids += expansions[Int(symbol - vocabularyCount)]
    }
  }
}

/// Symbols for texts, inventing those that the vocabulary lacks if it may.
private struct SymbolNames {
  let vocabulary: Vocabulary
  let invents: Bool
  private var invented = ByteTable(minimumCapacity: 16)
  private(set) var expansions: [[Int32]] = []

  init(vocabulary: Vocabulary, invents: Bool) {
    self.vocabulary = vocabulary
    self.invents = invents
  }

  mutating func symbol(of text: UnsafeBufferPointer<UInt8>) -> Int32? {
    if let id = vocabulary.texts.number(of: text) { return Int32(id) }
    guard invents else { return nil }
    let first = Int32(vocabulary.count)
    if let known = invented.append(text) { return first + Int32(known) }
    // llama.cpp looks each byte of an unknown text up as a text of its own; only ASCII can be found.
    expansions.append(
      text.compactMap { byte in
        byte < 0x80 ? vocabulary.id(of: String(Unicode.Scalar(byte))) : nil
      })
    return first + Int32(invented.count - 1)
  }
}
