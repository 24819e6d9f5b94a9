/// Words that are tokens, and one token for all others.
struct WordLevelModel: SubwordModel {
  let texts: ByteTable
  /// Without it, other words are dropped.
  let unknown: Int32?

  func makeEncoder() -> any SubwordEncoder { WordLevelEncoder(self) }

  func makes(_ text: ArraySlice<UInt8>) -> Bool { false }
}

private final class WordLevelEncoder: SubwordEncoder {
  private let model: WordLevelModel

  init(_ model: WordLevelModel) { self.model = model }

  func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    if let id = model.texts.number(of: word).map(Int32.init) ?? model.unknown { ids.append(id) }
  }
}
