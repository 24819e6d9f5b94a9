extension TiktokenRanks {
  /// The spelling of a token in byte-level vocabularies; `nil` for a rank that none has.
  package func text(of rank: Int) -> String? {
    guard rank >= 0, !isFree(rank) else { return nil }
    return String(decoding: texts[rank], as: UTF8.self)
  }

  /// The merges of a byte-level vocabulary that make these tokens, `left right` in the order of ranks.
  ///
  /// What the tokens of lower ranks make of a token's bytes are its two halves. Where these are not two, no
  /// merge makes the token; tiktoken takes it only for a whole word.
  ///
  /// - Source: `_set_vocab_qwen` in llama.cpp's conversion/base.py.
  package func merges() -> (list: [String], unmade: [Int]) {
    let model = BytePairModel(self)
    var merger = BytePairMerger()
    var list: [String] = []
    var unmade: [Int] = []
    var bytes: [UInt8] = []
    var halves: [Int32] = []
    for rank in 0..<count where !isFree(rank) {
      bytes.removeAll(keepingCapacity: true)
      guard ByteAlphabet.decode(texts[rank], to: &bytes), bytes.count > 1 else { continue }
      halves.removeAll(keepingCapacity: true)
      let earlier = TokenRanks(texts: texts, limit: MergeTable.Rank(rank))
      bytes.withUnsafeBufferPointer {
        merger.encode($0, with: model, merges: earlier, into: &halves)
      }
      guard halves.count == 2 else {
        unmade.append(rank)
        continue
      }
      list.append(halves.map { text(of: Int($0)) ?? "" }.joined(separator: " "))
    }
    return (list, unmade)
  }
}

extension TiktokenRanks {
  /// The file of a byte-level vocabulary, and what it says; `nil` where it would not say the same.
  ///
  /// - Parameters:
  ///   - texts: Tokens by rank, spelled as byte-level vocabularies spell them.
  ///   - merges: All merges, `left right`, best first.
  package static func file(
    of texts: [String], merges: [String]
  ) -> (bytes: [UInt8], ranks: TiktokenRanks)? {
    var file: [UInt8] = []
    for (rank, text) in texts.enumerated() {
      var bytes: [UInt8] = []
      guard ByteAlphabet.decode(Array(text.utf8)[...], to: &bytes), !bytes.isEmpty else {
        return nil
      }
      file += Base64.encode(bytes)
      file += Array(" \(rank)\n".utf8)
    }
    guard let ranks = try? TiktokenRanks(parsing: file), ranks.merges().list == merges else {
      return nil
    }
    return (file, ranks)
  }
}
