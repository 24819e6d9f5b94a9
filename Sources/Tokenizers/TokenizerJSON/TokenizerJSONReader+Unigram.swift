extension TokenizerJSONReader {
  /// A Unigram model: `vocab` is a list of pieces with their scores, whose places are the ids.
  func unigram(_ part: JSONField) throws(TokenizerError) -> Subwords {
    let wrong = TokenizerError.wrongType(
      key: "model.vocab", expected: "a list of texts with scores")
    guard let list = part.value["vocab"]?.array else { throw wrong }
    var tokens: [(id: Int, text: String)] = []
    var scores: [Double] = []
    for entry in list {
      guard let pair = entry.array, pair.count == 2, let text = pair[0].string,
        let score = pair[1].number
      else { throw wrong }
      tokens.append((tokens.count, text))
      scores.append(score)
    }
    let _ = try vocabulary(tokens)
    throw .unsupported(key: "model.type", value: "Unigram")
  }
}
