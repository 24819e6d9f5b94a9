extension BytePairModel: SubwordModel {
  func makeEncoder() -> any SubwordEncoder { BytePairEncoder(self) }

  func makes(_ text: ArraySlice<UInt8>) -> Bool { merges.make(text) }
}

/// Encodes words whose bytes are spelled in the ``ByteAlphabet``. The words are the bytes themselves: the
/// pre-tokenizer `ByteLevel` cuts them and leaves the spelling to the model.
private final class BytePairEncoder: SubwordEncoder {
  private let model: BytePairModel
  private var merger = BytePairMerger()
  private var spelling: [UInt8] = []

  init(_ model: BytePairModel) { self.model = model }

  func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    if model.ignoresMerges {
      ByteAlphabet.encode(word, into: &spelling)
      if let id = spelling.withUnsafeBufferPointer({ model.texts.number(of: $0) }) {
        ids.append(Int32(id))
        return
      }
    }
    merger.encode(word, with: model, into: &ids)
  }
}
