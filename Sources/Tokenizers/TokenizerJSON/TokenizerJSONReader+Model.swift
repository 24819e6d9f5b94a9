extension TokenizerJSONReader {
  /// What the model and the added tokens of a `tokenizer.json` make together.
  struct Subwords {
    var model: any SubwordModel
    var vocabulary: Vocabulary
    var added: [AddedTokens.Token]
  }

  /// - Parameter preTokenizer: Loses a last stage that the model does itself.
  func subwords(_ preTokenizer: inout PreTokenizer) throws(TokenizerError) -> Subwords {
    guard let value = root["model"], !value.isNull else { throw .missing(key: "model") }
    let part = JSONField(value: value, path: "model")
    switch part.value["type"]?.string ?? Self.impliedType(value) {
    case "BPE":
      let (vocabulary, texts, added) = try vocabulary(tokens(part))
      let model = try bytePairs(part, vocabulary, texts, &preTokenizer)
      return Subwords(model: model, vocabulary: vocabulary, added: added)
    case "WordPiece":
      let (vocabulary, texts, added) = try vocabulary(tokens(part))
      let unknown = try part.string("unk_token")
      let model = WordPieceModel(
        texts: texts, unknown: texts.number(of: unknown).map(Int32.init),
        continuation: try part.string("continuing_subword_prefix"),
        longestWord: try part.count("max_input_chars_per_word"))
      return Subwords(model: model, vocabulary: vocabulary, added: added)
    case "WordLevel":
      let (vocabulary, texts, added) = try vocabulary(tokens(part))
      let unknown = try part.string("unk_token")
      let model = WordLevelModel(
        texts: texts, unknown: texts.number(of: unknown).map(Int32.init))
      return Subwords(model: model, vocabulary: vocabulary, added: added)
    case "Unigram": return try unigram(part)
    case let type: throw .unsupported(key: "model.type", value: type)
    }
  }

  /// What a model is that does not say so, as those of older files.
  private static func impliedType(_ model: JSONValue) -> String {
    if model["vocab"]?.array != nil { return "Unigram" }
    if model["continuing_subword_prefix"] != nil, model["merges"] == nil { return "WordPiece" }
    return "BPE"
  }

  // MARK: Pairs

  private func bytePairs(
    _ part: JSONField, _ vocabulary: Vocabulary, _ texts: ByteTable,
    _ preTokenizer: inout PreTokenizer
  ) throws(TokenizerError) -> any SubwordModel {
    if let dropout = part.value["dropout"], !dropout.isNull, dropout.number != 0 {
      throw .unsupported(key: "model.dropout", value: "\(dropout.number ?? .nan)")
    }
    var options = CharacterPairModel.Options()
    options.unknown = part.value["unk_token"]?.string.flatMap { texts.number(of: $0) }.map(
      Int32.init)
    options.fusesUnknown = try part.bool("fuse_unk", absent: false)
    options.fallsBackToBytes = try part.bool("byte_fallback", absent: false)
    options.ignoresMerges = try part.bool("ignore_merges", absent: false)
    options.prefix = Array((part.value["continuing_subword_prefix"]?.string ?? "").utf8)
    options.suffix = Array((part.value["end_of_word_suffix"]?.string ?? "").utf8)
    let merges = try merges(of: part.value)
    if case .alphabet = preTokenizer.stages.last, options.prefix.isEmpty, options.suffix.isEmpty,
      Self.spellsAllBytes(texts), !merges.contains(where: { $0.0.utf8.contains(0x20) })
    {
      preTokenizer.stages.removeLast()
      return try BytePairModel(
        vocabulary: vocabulary, merges: merges, unknown: nil, ignoresMerges: options.ignoresMerges)
    }
    return try CharacterPairModel(texts: texts, merges: merges, options: options)
  }

  /// Whether no byte is unknown.
  private static func spellsAllBytes(_ texts: ByteTable) -> Bool {
    ByteAlphabet.texts.allSatisfy { text in
      text.withUnsafeBufferPointer { texts.number(of: $0) } != nil
    }
  }

  private func merges(of model: JSONValue) throws(TokenizerError) -> [(Substring, Substring)] {
    guard let list = model["merges"]?.array else {
      throw .wrongType(key: "model.merges", expected: "a list")
    }
    var pairs: [(Substring, Substring)] = []
    pairs.reserveCapacity(list.count)
    for entry in list {
      var halves: [Substring] = []
      if let text = entry.string {
        if text.hasPrefix("#version") { continue }
        halves = text.split(separator: " ", omittingEmptySubsequences: false)
      } else {
        halves = entry.array?.compactMap { $0.string?[...] } ?? []
      }
      guard halves.count == 2 else {
        throw .wrongType(key: "model.merges", expected: "a list of pairs")
      }
      pairs.append((halves[0], halves[1]))
    }
    return pairs
  }

  // MARK: Vocabulary

  private func tokens(_ part: JSONField) throws(TokenizerError) -> [(id: Int, text: String)] {
    let wrong = TokenizerError.wrongType(key: "model.vocab", expected: "an object of token ids")
    guard let members = part.value["vocab"]?.object else { throw wrong }
    var tokens: [(id: Int, text: String)] = []
    tokens.reserveCapacity(members.count)
    for member in members {
      guard let id = member.value.integer else { throw wrong }
      tokens.append((id, member.key))
    }
    return tokens
  }

  /// The vocabulary of a model's tokens and the added ones.
  ///
  /// - Returns: The texts are those of the model alone, by id.
  func vocabulary(
    _ tokens: [(id: Int, text: String)]
  ) throws(TokenizerError) -> (Vocabulary, texts: ByteTable, added: [AddedTokens.Token]) {
    var vocabulary = Vocabulary(minimumCapacity: tokens.count + 16)
    for token in tokens.sorted(by: { $0.id < $1.id }) {
      guard token.id >= 0, token.id < Vocabulary.maximumCount else {
        throw .idOutOfRange(key: "model.vocab", id: token.id, limit: Vocabulary.maximumCount)
      }
      guard token.id >= vocabulary.count else {
        throw .duplicateToken(text: token.text, first: token.id, second: token.id)
      }
      while vocabulary.count < token.id { vocabulary.appendUnused() }
      try vocabulary.append(token.text, kind: .normal)
    }
    let texts = vocabulary.texts
    var next = tokens.count
    var added: [AddedTokens.Token] = []
    for var token in try addedTokens() where !token.content.isEmpty {
      if let id = vocabulary.id(of: token.content) {
        token.id = id
        added.removeAll { $0.id == id }
      } else {
        // The library numbers what the model lacks itself, from the count of its tokens on; a file that it wrote
        // says the same ids. Where the model's ids have gaps, two tokens may share one.
        token.id = Int32(next)
        while vocabulary.count < next { vocabulary.appendUnused() }
        if vocabulary.count == next { try vocabulary.append(token.content, kind: .normal) }
        next += 1
      }
      vocabulary.kinds[Int(token.id)] = token.isSpecial ? .control : .userDefined
      added.append(token)
    }
    return (vocabulary, texts, added)
  }

  private func addedTokens() throws(TokenizerError) -> [AddedTokens.Token] {
    guard let list = root["added_tokens"], !list.isNull else { return [] }
    guard let entries = list.array else {
      throw .wrongType(key: "added_tokens", expected: "a list")
    }
    var tokens: [AddedTokens.Token] = []
    for entry in entries {
      guard let id = entry["id"]?.integer, let content = entry["content"]?.string else {
        throw .wrongType(key: "added_tokens", expected: "a list of ids with content")
      }
      guard id >= 0, id < Vocabulary.maximumCount else {
        throw .idOutOfRange(key: "added_tokens", id: id, limit: Vocabulary.maximumCount)
      }
      let isSpecial = entry["special"]?.bool ?? false
      tokens.append(
        .init(
          id: Int32(id), content: content, isSpecial: isSpecial,
          isNormalized: entry["normalized"]?.bool ?? !isSpecial,
          stripsLeft: entry["lstrip"]?.bool ?? false, stripsRight: entry["rstrip"]?.bool ?? false,
          isSingleWord: entry["single_word"]?.bool ?? false))
    }
    return tokens
  }
}
