/// Byte-pair encoding of characters, with all that the `BPE` of a `tokenizer.json` can say.
///
/// - Source: `models/bpe` of the `tokenizers` library, 0.23.
struct CharacterPairModel: SubwordModel {
  struct Options: Sendable {
    /// The token for characters that the vocabulary lacks; without one they are dropped.
    var unknown: Int32?
    /// One unknown token for several such characters in a row.
    var fusesUnknown = false
    /// A character that the vocabulary lacks becomes `<0x0A>` and its like, if it has them for all bytes.
    var fallsBackToBytes = false
    /// A word that is a token is taken whole.
    var ignoresMerges = false
    /// Before each character but the first of a word.
    var prefix: [UInt8] = []
    /// Behind the last character of a word.
    var suffix: [UInt8] = []
  }

  let texts: ByteTable
  let merges: PairTable
  let options: Options
  /// By byte, the token that stands for it.
  let byteTokens: [Int32?]
  /// U+2581, if words may be cut before it: it is a token, and no merge makes it follow another character.
  let cut: [UInt8]?

  /// - Parameter pairs: Texts of the model, best first; so must be what each pair makes.
  init(
    texts: ByteTable, merges pairs: [(left: Substring, right: Substring)], options: Options
  ) throws(TokenizerError) {
    self.texts = texts
    self.options = options
    byteTokens = (UInt8.min...UInt8.max).map { byte in
      options.fallsBackToBytes ? texts.number(of: ByteToken.text(of: byte)).map(Int32.init) : nil
    }
    var table = PairTable(capacity: pairs.count)
    let mark = ByteToken.space
    var canCut =
      options.prefix.isEmpty && options.suffix.isEmpty
      && texts.number(of: "\u{2581}") != nil
    for (index, pair) in pairs.enumerated() {
      let made = Array(pair.left.utf8) + pair.right.utf8.dropFirst(options.prefix.count)
      guard let left = texts.number(of: String(pair.left)),
        let right = texts.number(of: String(pair.right)),
        let id = made.withUnsafeBufferPointer({ texts.number(of: $0) })
      else { throw .unknownMerge(index: index, left: String(pair.left), right: String(pair.right)) }
      table.insert(
        Int32(left), Int32(right), .init(rank: UInt32(index), id: Int32(id)))
      if pair.right.utf8.starts(with: mark), !pair.left.utf8.suffix(mark.count).elementsEqual(mark)
      {
        canCut = false
      }
    }
    merges = table
    cut = canCut ? mark : nil
  }

  func makeEncoder() -> any SubwordEncoder { CharacterPairEncoder(self) }

  func makes(_ text: ArraySlice<UInt8>) -> Bool {
    text.withUnsafeBufferPointer { text in
      (1..<max(1, text.count)).contains { middle in
        let left = UnsafeBufferPointer(rebasing: text[..<middle])
        let right = options.prefix + text[middle...]
        guard let first = texts.number(of: left),
          let second = right.withUnsafeBufferPointer({ texts.number(of: $0) })
        else { return false }
        return merges[Int32(first), Int32(second)] != nil
      }
    }
  }
}

/// Encodes words character by character, then merges.
private final class CharacterPairEncoder: SubwordEncoder {
  private let model: CharacterPairModel
  private var merger = PairMerger()
  private var cache = WordCache()
  private var spelling: [UInt8] = []

  init(_ model: CharacterPairModel) { self.model = model }

  func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    if model.options.ignoresMerges, let id = model.texts.number(of: word) {
      return ids.append(Int32(id))
    }
    guard let cut = model.cut else { return encodePart(word, into: &ids) }
    var from = 0
    var at = 1
    while at < word.count {
      // Marks in a row stay together: they may merge.
      if word[at] == cut[0], word[at - 1] != cut[2], word[at...].starts(with: cut) {
        encodeKnown(UnsafeBufferPointer(rebasing: word[from..<at]), into: &ids)
        from = at
      }
      at += 1
    }
    encodeKnown(UnsafeBufferPointer(rebasing: word[from...]), into: &ids)
  }

  /// Encodes a part of a word, if need be, and remembers it.
  private func encodeKnown(_ part: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    guard part.count <= WordCache.longestWord else { return encodePart(part, into: &ids) }
    let hash = ByteHash.hash(part)
    if cache.append(part, hash, to: &ids) { return }
    let start = ids.count
    encodePart(part, into: &ids)
    cache.remember(part, hash, ids[start...])
  }

  private func encodePart(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    merger.begin()
    var unknown: Int32?
    var at = 0
    while at < word.count {
      let end = min(at + UTF8Text.width(word[at]), word.count)
      let character = UnsafeBufferPointer(rebasing: word[at..<end])
      let isFirst = at == 0
      at = end
      if let id = token(of: character, isFirst: isFirst, isLast: end == word.count) {
        if let last = unknown { merger.append(last) }
        unknown = nil
        merger.append(id)
      } else if let bytes = bytes(of: character, isFirst: isFirst, isLast: end == word.count) {
        // An unknown token before stays behind these, as in the library.
        for byte in bytes { merger.append(byte) }
      } else if let id = model.options.unknown {
        if let last = unknown, !model.options.fusesUnknown { merger.append(last) }
        unknown = id
      }
    }
    if let unknown { merger.append(unknown) }
    merger.merge(by: model.merges, into: &ids)
  }

  private func token(
    of character: UnsafeBufferPointer<UInt8>, isFirst: Bool, isLast: Bool
  ) -> Int32? {
    if (isFirst || model.options.prefix.isEmpty) && (!isLast || model.options.suffix.isEmpty) {
      return model.texts.number(of: character).map(Int32.init)
    }
    spell(character, isFirst, isLast)
    return spelling.withUnsafeBufferPointer { model.texts.number(of: $0) }.map(Int32.init)
  }

  private func spell(_ character: UnsafeBufferPointer<UInt8>, _ isFirst: Bool, _ isLast: Bool) {
    spelling.removeAll(keepingCapacity: true)
    if !isFirst { spelling += model.options.prefix }
    spelling += character
    if isLast { spelling += model.options.suffix }
  }

  private func bytes(
    of character: UnsafeBufferPointer<UInt8>, isFirst: Bool, isLast: Bool
  ) -> [Int32]? {
    guard model.options.fallsBackToBytes else { return nil }
    spell(character, isFirst, isLast)
    let tokens = spelling.compactMap { model.byteTokens[Int($0)] }
    return tokens.count == spelling.count ? tokens : nil
  }
}
