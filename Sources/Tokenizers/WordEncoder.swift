/// Encodes the words of one text; remembers the words it has seen.
final class WordEncoder {
  private let encoder: any SubwordEncoder
  private var cache = WordCache()

  init(_ model: any SubwordModel) { encoder = model.makeEncoder() }

  func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    guard word.count <= WordCache.longestWord else { return encoder.encode(word, into: &ids) }
    let hash = ByteHash.hash(word)
    if cache.append(word, hash, to: &ids) { return }
    let start = ids.count
    encoder.encode(word, into: &ids)
    cache.remember(word, hash, ids[start...])
  }
}
