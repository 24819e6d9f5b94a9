/// The longest token from the left, again and again; a word that tokens do not cover is unknown as a whole.
///
/// - Source: `models/wordpiece` of the `tokenizers` library, 0.23; for GGUF, `llm_tokenizer_wpm` in llama.cpp
///   `src/llama-vocab.cpp`.
struct WordPieceModel: SubwordModel {
  let texts: ByteTable
  /// Without it, unknown words are dropped.
  let unknown: Int32?
  /// Before each word, as a part of it.
  let start: [UInt8]
  /// Before what continues one.
  let continuation: [UInt8]
  /// Words of more scalars are unknown.
  let longestWord: Int
  /// Bytes of the longest token.
  let longestToken: Int

  /// - Parameters:
  ///   - continuation: `##` of BERT.
  ///   - longestWord: `max_input_chars_per_word`.
  init(texts: ByteTable, unknown: Int32?, continuation: String, longestWord: Int) {
    self.init(texts, unknown, start: [], Array(continuation.utf8), longestWord)
  }

  /// The model of a GGUF of `bert`, whose tokens that start a word have U+2581 before them, and whose tokens that
  /// continue one have nothing. Words may be of any length.
  init(phantomSpace vocabulary: Vocabulary, unknown: Int32?) {
    self.init(vocabulary.texts, unknown, start: ByteToken.space, [], .max)
  }

  private init(
    _ texts: ByteTable, _ unknown: Int32?, start: [UInt8], _ continuation: [UInt8],
    _ longestWord: Int
  ) {
    self.texts = texts
    self.unknown = unknown
    self.start = start
    self.continuation = continuation
    self.longestWord = longestWord
    longestToken = (0..<texts.count).reduce(0) { max($0, texts[$1].count) }
  }

  func makeEncoder() -> any SubwordEncoder { WordPieceEncoder(self) }

  func makes(_ text: ArraySlice<UInt8>) -> Bool { false }

}

private final class WordPieceEncoder: SubwordEncoder {
  private let model: WordPieceModel
  private var started: [UInt8] = []
  private var spelling: [UInt8] = []

  init(_ model: WordPieceModel) { self.model = model }

  func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    let before = ids.count
    guard !isShort(word) || !appendPieces(of: word, to: &ids) else { return }
    ids.removeLast(ids.count - before)
    if let unknown = model.unknown { ids.append(unknown) }
  }

  private func isShort(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
    guard word.count > model.longestWord else { return true }
    return word.reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 } <= model.longestWord
  }

  private func appendPieces(of word: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) -> Bool {
    guard !model.start.isEmpty else { return append(word, to: &ids) }
    started.removeAll(keepingCapacity: true)
    started += model.start
    started += word
    return started.withUnsafeBufferPointer { append($0, to: &ids) }
  }

  private func append(_ word: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) -> Bool {
    var start = 0
    while start < word.count {
      let prefix = start == 0 ? [] : model.continuation
      // Texts longer than any token need not be looked up.
      let limit = min(word.count, start + max(0, model.longestToken - prefix.count))
      guard let (id, end) = longestPiece(of: word, start..<limit, prefix) else { return false }
      ids.append(id)
      start = end
    }
    return true
  }

  /// The longest token at the front of a range of a word, and where it ends.
  private func longestPiece(
    of word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ prefix: [UInt8]
  ) -> (Int32, Int)? {
    spelling.removeAll(keepingCapacity: true)
    spelling += prefix
    spelling += word[range]
    return spelling.withUnsafeBufferPointer { spelling in
      var end = range.upperBound
      while end > range.lowerBound {
        if end == word.count || word[end] & 0xC0 != 0x80 {
          let count = prefix.count + end - range.lowerBound
          if let id = model.texts.number(of: UnsafeBufferPointer(rebasing: spelling[..<count])) {
            return (Int32(id), end)
          }
        }
        end -= 1
      }
      return nil
    }
  }
}
