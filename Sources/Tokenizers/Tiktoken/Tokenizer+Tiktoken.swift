extension Tokenizer {
  /// A tokenizer from a tiktoken file.
  ///
  /// - Parameters:
  ///   - bytes: The file's bytes: `base64 rank`, line by line.
  ///   - encoding: What the file does not say.
  ///   - rowCount: Ids that the model has; special tokens beyond are left out.
  ///   - chatTemplate: The template that comes with it.
  /// - Throws: `TokenizerError`.
  public init(
    tiktoken bytes: [UInt8], encoding: TiktokenEncoding, rowCount: Int? = nil,
    chatTemplate: String? = nil
  ) throws(TokenizerError) {
    let ranks = try TiktokenRanks(parsing: bytes)
    let model = BytePairModel(ranks)
    let special = encoding.specialTokens(beside: ranks, below: rowCount)
    let vocabulary = try Vocabulary(ranks, special: special)
    var parts = Tokenizer.Parts(
      vocabulary: vocabulary, model: model,
      preTokenizer: try PreTokenizer(isolating: [encoding.pattern]))
    parts.normalizer = encoding.normalizer
    parts.addedTokens = special.map {
      AddedTokens.Token(id: Int32($0.id), content: $0.text, isSpecial: true)
    }
    parts.bosID = encoding.begin.flatMap { vocabulary.id(of: $0) }
    parts.eosID = encoding.end.flatMap { vocabulary.id(of: $0) }
    if encoding.addsBegin, let begin = parts.bosID { parts.prefix = [begin] }
    parts.endOfGenerationIDs = EndOfGeneration.ids(
      vocabulary: vocabulary, declared: [parts.eosID].compactMap { $0 }, model: model)
    parts.chatTemplate = chatTemplate
    self.init(parts)
  }
}

extension TiktokenEncoding {
  /// The tokens that are no text, in the order of their ids.
  ///
  /// - Parameter limit: Ids that the model has.
  package func specialTokens(
    beside ranks: TiktokenRanks, below limit: Int? = nil
  ) -> [(id: Int, text: String)] {
    let tokens: [(id: Int, text: String)] =
      switch special {
      case .none: []
      case .following(let texts):
        texts.enumerated().map { (ranks.firstFree + $0.offset, $0.element) }
      case .placed(let tokens, let count): ranks.tokenCount == count ? tokens : []
      }
    return Array(tokens.prefix { ranks.isFree($0.id) && $0.id < limit ?? .max })
  }
}

extension Vocabulary {
  /// Ranks and special tokens by their ids.
  fileprivate init(
    _ ranks: TiktokenRanks, special: [(id: Int, text: String)]
  ) throws(TokenizerError) {
    let count = max(ranks.count, special.last.map { $0.id + 1 } ?? 0)
    self.init(minimumCapacity: count)
    var rest = special[...]
    for id in 0..<count {
      if !ranks.isFree(id) {
        try append(String(decoding: ranks.texts[id], as: UTF8.self), kind: .normal)
      } else if let token = rest.first, token.id == id {
        try append(token.text, kind: .control)
        rest.removeFirst()
      } else {
        appendUnused()
      }
    }
  }
}
