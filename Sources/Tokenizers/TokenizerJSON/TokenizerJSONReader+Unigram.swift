extension TokenizerJSONReader {
  /// A Unigram model: `vocab` is a list of pieces with their scores, whose places are the ids.
  func unigram(
    _ model: JSONValue, _ added: [AddedTokens.Token]
  ) throws(TokenizerError) -> (model: any SubwordModel, vocabulary: Vocabulary) {
    let wrong = TokenizerError.wrongType(
      key: "model.vocab", expected: "a list of texts with scores")
    guard let list = model["vocab"]?.array else { throw wrong }
    var tokens: [(id: Int, text: String)] = []
    var scores: [Double] = []
    for entry in list {
      guard let pair = entry.array, pair.count == 2, let text = pair[0].string,
        let score = pair[1].number
      else { throw wrong }
      tokens.append((tokens.count, text))
      scores.append(score)
    }
    let vocabulary = try vocabulary(tokens, added: added)
    let unknown = model["unk_id"]?.integer
    if let unknown, !scores.indices.contains(unknown) {
      throw .idOutOfRange(key: "model.unk_id", id: unknown, limit: scores.count)
    }
    // The model knows nothing of kinds: it finds every piece of its list.
    let unigram = UnigramModel(
      texts: vocabulary.texts,
      kinds: [Vocabulary.Kind](repeating: .normal, count: scores.count), scores: scores,
      unknown: Int32(unknown ?? -1),
      bytes: model["byte_fallback"]?.bool == true ? ByteToken.ids(in: vocabulary) : nil,
      fusesUnknown: true, precision: .double)
    return (unigram, vocabulary)
  }
}
