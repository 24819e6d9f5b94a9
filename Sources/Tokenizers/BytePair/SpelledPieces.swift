/// Byte-level pairs whose words are cut once more when they are already spelled in the ``ByteAlphabet``.
///
/// Falcon's `tokenizer.json` does so: it cuts digits out of the spelling, where the bytes B2, B3, B9 and BC to BE are
/// the letters `²³¹¼½¾`, which are numbers. Characters with such bytes fall to pieces.
struct SpelledPieces: SubwordModel {
  let base: BytePairModel
  /// What cuts the spelling.
  let preTokenizer: PreTokenizer

  func makeEncoder() -> any SubwordEncoder {
    SpelledPieceEncoder(base: base.makeEncoder(), splitter: WordSplitter(preTokenizer))
  }

  func makes(_ text: ArraySlice<UInt8>) -> Bool { base.makes(text) }
}

private final class SpelledPieceEncoder: SubwordEncoder {
  private let base: any SubwordEncoder
  private var splitter: WordSplitter
  private var spelling: [UInt8] = []
  private var bytes: [UInt8] = []

  init(base: any SubwordEncoder, splitter: WordSplitter) {
    self.base = base
    self.splitter = splitter
  }

  func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    ByteAlphabet.encode(word, into: &spelling)
    spelling.withUnsafeBufferPointer { spelled in
      splitter.split(spelled) { piece in
        bytes.removeAll(keepingCapacity: true)
        guard ByteAlphabet.decode(Array(piece)[...], to: &bytes) else { return }
        bytes.withUnsafeBufferPointer { base.encode($0, into: &ids) }
      }
    }
  }
}
