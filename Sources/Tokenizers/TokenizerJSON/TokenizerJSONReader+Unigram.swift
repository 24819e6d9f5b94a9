extension TokenizerJSONReader {
  /// A Unigram model: `vocab` is a list of pieces with their scores, whose places are the ids.
  func unigram(_ part: JSONField) throws(TokenizerError) -> Subwords {
    let wrong = TokenizerError.wrongType(
      key: "model.vocab", expected: "a list of texts with scores")
    guard let list = part.value["vocab"]?.array, !list.isEmpty else { throw wrong }
    var tokens: [(id: Int, text: String)] = []
    var scores: [Double] = []
    for entry in list {
      guard let pair = entry.array, pair.count == 2, let text = pair[0].string,
        let score = pair[1].number
      else { throw wrong }
      tokens.append((tokens.count, text))
      scores.append(score)
    }
    let (vocabulary, texts, added) = try vocabulary(tokens)
    let unknown = part.value["unk_id"]?.integer
    if let unknown, !scores.indices.contains(unknown) {
      throw .idOutOfRange(key: "model.unk_id", id: unknown, limit: scores.count)
    }
    // The model knows nothing of kinds: it finds every piece of its list.
    let unigram = UnigramModel(
      texts: texts, kinds: [Vocabulary.Kind](repeating: .normal, count: scores.count),
      scores: scores, unknown: Int32(unknown ?? -1),
      bytes: try part.bool("byte_fallback", absent: false) ? ByteToken.ids(in: vocabulary) : nil,
      fusesUnknown: true, precision: .double)
    return Subwords(model: unigram, vocabulary: vocabulary, added: added)
  }
}
