internal import GGUF

/// Pieces that merges put together from characters (`gemma4` in a GGUF); what the vocabulary lacks becomes bytes, as
/// `<0x0A>`, or a token for what is unknown. The merges are texts as the file has them, and are not looked up before
/// a text needs them: half a million are read in no time.
struct TextPairModel: SubwordModel {
  let texts: ByteTable
  let merges: MergeTable
  let seams: Seams
  /// The id of each byte, if all of them have tokens.
  let bytes: [Int32]?
  let unknown: Int32?

  /// - Parameter merges: Pairs of texts, best first.
  init(
    vocabulary: Vocabulary, merges: GGUFTextList, unknown: Int32?
  ) throws(TokenizerError) {
    guard merges.bytes.count < MergeTable.byteLimit else {
      throw .wrongType(key: "merges", expected: "texts of less than \(MergeTable.byteLimit) bytes")
    }
    texts = vocabulary.texts
    self.merges = MergeTable(merges, replacing: false)
    seams = Seams(self.merges)
    bytes = ByteToken.ids(in: vocabulary)
    self.unknown = unknown
  }

  func makeEncoder() -> any SubwordEncoder { TextPairEncoder(self) }

  func makes(_ text: ArraySlice<UInt8>) -> Bool { merges.make(text) }

  /// Appends what a symbol becomes in the end.
  @inline(__always)
  func emit(_ symbol: UnsafeBufferPointer<UInt8>, hash: UInt64, into ids: inout [Int32]) {
    if let id = texts.number(of: symbol, hash: hash) {
      ids.append(Int32(id))
    } else if let bytes {
      for byte in symbol { ids.append(bytes[Int(byte)]) }
    } else if let unknown {
      ids.append(unknown)
    }
  }
}

private final class TextPairEncoder: SubwordEncoder {
  private let model: TextPairModel
  private var merger = BytePairMerger()
  private var cache = WordCache()

  init(_ model: TextPairModel) { self.model = model }

  func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    model.seams.forEachStretch(of: word) { encodeStretch($0, &ids) }
  }

  private func encodeStretch(_ text: UnsafeBufferPointer<UInt8>, _ ids: inout [Int32]) {
    guard text.count <= WordCache.longestWord else {
      return merger.encode(text, with: model, into: &ids)
    }
    let hash = ByteHash.hash(text)
    if cache.append(text, hash, to: &ids) { return }
    let start = ids.count
    merger.encode(text, with: model, into: &ids)
    cache.remember(text, hash, ids[start...])
  }
}
