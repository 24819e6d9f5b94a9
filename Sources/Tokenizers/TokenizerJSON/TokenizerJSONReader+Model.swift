extension TokenizerJSONReader {
  /// The model of a `tokenizer.json`, and the vocabulary that it shares with the added tokens.
  func model(
    added: [AddedTokens.Token]
  ) throws(TokenizerError) -> (model: any SubwordModel, vocabulary: Vocabulary) {
    guard let model = root["model"] else { throw .missing(key: "model") }
    switch model["type"]?.string ?? "BPE" {
    case "BPE":
      let vocabulary = try vocabulary(of: model, added: added)
      return (try bytePairs(model, vocabulary), vocabulary)
    case "Unigram": return try unigram(model, added)
    case let type: throw .unsupported(key: "model.type", value: type)
    }
  }

  private func bytePairs(
    _ model: JSONValue, _ vocabulary: Vocabulary
  ) throws(TokenizerError) -> any SubwordModel {
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let text = model[key]?.string, !text.isEmpty {
        throw .unsupported(key: "model." + key, value: text)
      }
    }
    if let dropout = model["dropout"], !dropout.isNull {
      throw .unsupported(key: "model.dropout", value: "\(dropout)")
    }
    let unknown = model["unk_token"]?.string.flatMap { vocabulary.id(of: $0) }
    return try BytePairModel(
      vocabulary: vocabulary, merges: merges(of: model), unknown: unknown,
      ignoresMerges: model["ignore_merges"]?.bool ?? false)
  }

  private func vocabulary(
    of model: JSONValue, added: [AddedTokens.Token]
  ) throws(TokenizerError) -> Vocabulary {
    guard let members = model["vocab"]?.object else {
      throw .wrongType(key: "model.vocab", expected: "an object of token ids")
    }
    var tokens: [(id: Int, text: String)] = []
    for member in members {
      guard let id = member.value.integer else {
        throw .wrongType(key: "model.vocab", expected: "an object of token ids")
      }
      tokens.append((id, member.key))
    }
    return try vocabulary(tokens, added: added)
  }

  /// The vocabulary of a model's tokens and the added ones.
  func vocabulary(
    _ tokens: [(id: Int, text: String)], added: [AddedTokens.Token]
  ) throws(TokenizerError) -> Vocabulary {
    var entries: [(id: Int, text: String, kind: Vocabulary.Kind)] = []
    for token in tokens {
      guard token.id >= 0, token.id < Vocabulary.maximumCount else {
        throw .idOutOfRange(key: "model.vocab", id: token.id, limit: Vocabulary.maximumCount)
      }
      entries.append((token.id, token.text, .normal))
    }
    for token in added {
      entries.append((Int(token.id), token.content, token.isSpecial ? .control : .userDefined))
    }
    // An added token may repeat the entry of the vocabulary; sorted after it, it gives the kind.
    entries.sort { ($0.id, $0.kind == .normal ? 0 : 1) < ($1.id, $1.kind == .normal ? 0 : 1) }
    var vocabulary = Vocabulary(minimumCapacity: entries.count)
    for entry in entries {
      if entry.id < vocabulary.count {
        let same = vocabulary.text(of: Int32(entry.id)).map { $0.elementsEqual(entry.text.utf8) }
        guard same == true else {
          throw .duplicateToken(text: entry.text, first: entry.id, second: entry.id)
        }
        vocabulary.kinds[entry.id] = entry.kind
        continue
      }
      while vocabulary.count < entry.id { vocabulary.appendUnused() }
      try vocabulary.append(entry.text, kind: entry.kind)
    }
    return vocabulary
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
}
