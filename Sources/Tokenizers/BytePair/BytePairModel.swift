internal import GGUF

/// Byte-level byte-pair encoding: which text each byte starts as, and which texts merge.
///
/// Symbols are texts. A GGUF may hold merges whose parts or whole are no tokens; llama.cpp merges them all
/// the same, and so do we: what becomes of such a symbol shows in the end.
struct BytePairModel: Sendable {
  let texts: ByteTable
  let merges: BytePairMerges
  /// Whether a word that is a token is taken whole.
  let ignoresMerges: Bool
  /// The text of each byte; empty when the vocabulary lacks it and the byte is dropped.
  let spellings: [[UInt8]]
  /// The hash of each of them.
  let hashes: [UInt64]

  /// - Parameters:
  ///   - merges: Pairs of texts, best first; they need not be in the vocabulary.
  init(
    vocabulary: Vocabulary, merges: GGUFTextList, ignoresMerges: Bool
  ) throws(TokenizerError) {
    let missing = Set(
      ByteAlphabet.texts.filter { text in
        text.withUnsafeBufferPointer { vocabulary.texts.number(of: $0) } == nil
      })
    // As the original drops a byte that is no token and that nothing is made of.
    let lost = missing.isEmpty ? [] : missing.subtracting(Self.parts(of: merges, among: missing))
    try self.init(
      vocabulary, merges, ByteAlphabet.texts.map { lost.contains($0) ? [] : $0 },
      ignoresMerges: ignoresMerges, replacing: false)
  }

  /// Which of some texts are a half of a merge.
  private static func parts(of merges: GGUFTextList, among texts: Set<[UInt8]>) -> Set<[UInt8]> {
    var found: Set<[UInt8]> = []
    let longest = texts.reduce(0) { max($0, $1.count) }
    merges.forEach { bytes, range in
      let halves = bytes[range].split(separator: 0x20, maxSplits: 1)
      for half in halves where half.count <= longest && texts.contains(Array(half)) {
        found.insert(Array(half))
      }
    }
    return found
  }

  /// - Parameters:
  ///   - merges: Pairs of texts of the vocabulary, best first.
  ///   - unknown: The token for bytes that the vocabulary lacks, if it has one.
  init(
    vocabulary: Vocabulary, merges pairs: [(left: Substring, right: Substring)], unknown: Int32?,
    ignoresMerges: Bool
  ) throws(TokenizerError) {
    var list = GGUFTextList()
    for (index, pair) in pairs.enumerated() {
      for text in [pair.left, pair.right, pair.left + pair.right] {
        guard vocabulary.id(of: String(text)) != nil else {
          throw .unknownMerge(index: index, left: String(pair.left), right: String(pair.right))
        }
      }
      list.append("\(pair.left) \(pair.right)".utf8)
    }
    let other = unknown.flatMap { vocabulary.text(of: $0) }.map(Array.init) ?? []
    let spellings = ByteAlphabet.texts.map { text in
      text.withUnsafeBufferPointer { vocabulary.texts.number(of: $0) } == nil ? other : text
    }
    try self.init(vocabulary, list, spellings, ignoresMerges: ignoresMerges, replacing: true)
  }

  private init(
    _ vocabulary: Vocabulary, _ merges: GGUFTextList, _ spellings: [[UInt8]], ignoresMerges: Bool,
    replacing: Bool
  ) throws(TokenizerError) {
    guard merges.bytes.count < MergeTable.byteLimit else {
      throw .wrongType(key: "merges", expected: "texts of less than \(MergeTable.byteLimit) bytes")
    }
    texts = vocabulary.texts
    self.merges = .listed(MergeTable(merges, replacing: replacing))
    self.ignoresMerges = ignoresMerges
    self.spellings = spellings
    hashes = spellings.map { $0.withUnsafeBufferPointer { ByteHash.hash($0) } }
  }

  /// tiktoken's way: a word that is a token is taken whole, in others what makes the first of tokens merges
  /// first.
  init(_ ranks: TiktokenRanks) {
    texts = ranks.texts
    merges = .ranked(TokenRanks(texts: texts))
    ignoresMerges = true
    spellings = ByteAlphabet.texts
    hashes = spellings.map { $0.withUnsafeBufferPointer { ByteHash.hash($0) } }
  }

  /// Appends what a symbol becomes in the end.
  @inline(__always)
  func emit(_ symbol: UnsafeBufferPointer<UInt8>, hash: UInt64, into ids: inout [Int32]) {
    if let id = texts.number(of: symbol, hash: hash) {
      ids.append(Int32(id))
    } else {
      emitBytes(of: symbol, into: &ids)
    }
  }

  /// llama.cpp looks each byte of an unknown text up as a text of its own; only ASCII can be found.
  private func emitBytes(of symbol: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    for byte in symbol where byte < 0x80 {
      if let id = texts.number(of: String(Unicode.Scalar(byte))) { ids.append(Int32(id)) }
    }
  }
}
