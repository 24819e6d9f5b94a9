extension Tokenizer {
  /// A tokenizer from the `tokenizer.model` of a checkpoint.
  ///
  /// - Parameters:
  ///   - sentencePieceModel: The file's bytes.
  ///   - config: The bytes of `tokenizer_config.json`, which may add tokens, say which begin and end a text, and hold
  ///     the chat template.
  ///   - chatTemplate: The text of `chat_template.jinja`, which goes before the one in the configuration.
  /// - Throws: `TokenizerError`.
  /// - Source: SentencePiece 0.2.3; the tokens around a text as `LlamaTokenizer` and `T5Tokenizer` of
  ///   `transformers` add them.
  public init(
    sentencePieceModel: [UInt8], config: [UInt8]?, chatTemplate: String? = nil
  ) throws(TokenizerError) {
    let file: SentencePieceFile
    let settings: JSONValue
    do {
      file = try SentencePieceFile(sentencePieceModel)
    } catch {
      throw .malformedSentencePiece(error)
    }
    do {
      settings =
        try config.map { bytes throws(JSONError) in try JSONValue(parsing: bytes) } ?? .null
    } catch {
      throw .malformedJSON(error)
    }
    var parts = try SentencePieceReader(file: file, settings: settings).parts()
    parts.chatTemplate = chatTemplate ?? TokenizerSettings.chatTemplate(settings)
    self.init(parts)
  }
}

/// Makes a tokenizer out of a SentencePiece model and what a checkpoint says beside it.
private struct SentencePieceReader {
  let file: SentencePieceFile
  let settings: JSONValue

  func parts() throws(TokenizerError) -> Tokenizer.Parts {
    var vocabulary = try Vocabulary(file.texts, kinds: file.kinds)
    let pieces = SentencePieceModel(
      vocabulary: vocabulary, scores: file.scores, algorithm: file.algorithm,
      unknown: file.kinds.firstIndex(of: .unknown).map(Int32.init) ?? -1,
      fallsBackToBytes: file.fallsBackToBytes, normalization: file.normalization,
      treatsWhitespaceAsSuffix: file.treatsWhitespaceAsSuffix
    )
    let (model, normalizer) = try pieces.parts
    var added = try addedTokens(&vocabulary)
    for (id, kind) in file.kinds.enumerated() where kind.isSpecial {
      guard !added.contains(where: { $0.id == id }) else { continue }
      let text = String(decoding: vocabulary.texts[id], as: UTF8.self)
      added.append(.init(id: Int32(id), content: text, isSpecial: true))
    }
    var parts = Tokenizer.Parts(
      vocabulary: vocabulary, model: model, preTokenizer: PreTokenizer(stages: []))
    parts.normalizer = Normalizer([normalizer])
    parts.addedTokens = added
    parts.decoder = try decoder()
    parts.bosID = id("bos", file.bos, vocabulary)
    parts.eosID = id("eos", file.eos, vocabulary)
    (parts.prefix, parts.suffix) = frame(bos: parts.bosID, eos: parts.eosID)
    parts.endOfGenerationIDs = EndOfGeneration.ids(
      vocabulary: vocabulary, declared: [parts.eosID].compactMap { $0 }, model: model)
    return parts
  }

  /// How much white space decoding drops from the front, as the original does.
  private func decoder() throws(TokenizerError) -> TokenDecoder {
    var steps = [TokenDecoder.Step.sentencePiece(file.normalization.leadingSpaces)]
    if let spec = file.denormalization, !spec.charsmap.isEmpty {
      steps.append(.rewrite(try SentencePieceNormalizer(spec)))
    }
    return TokenDecoder(spelling: .pieces(unknown: file.unknownSurface), steps: steps)
  }

  /// The tokens that the configuration adds to the pieces, or takes from them.
  private func addedTokens(
    _ vocabulary: inout Vocabulary
  ) throws(TokenizerError) -> [AddedTokens.Token] {
    let key = "added_tokens_decoder"
    var tokens: [AddedTokens.Token] = []
    for entry in settings[key]?.object ?? [] {
      guard let id = Int(entry.key), let content = entry.value["content"]?.string else {
        throw .wrongType(key: key, expected: "ids with content")
      }
      guard id >= 0, id < Vocabulary.maximumCount else {
        throw .idOutOfRange(key: key, id: id, limit: Vocabulary.maximumCount)
      }
      tokens.append(
        .init(
          id: Int32(id), content: content, isSpecial: entry.value["special"]?.bool ?? false,
          stripsLeft: entry.value["lstrip"]?.bool ?? false,
          stripsRight: entry.value["rstrip"]?.bool ?? false,
          isSingleWord: entry.value["single_word"]?.bool ?? false))
    }
    for token in tokens.sorted(by: { $0.id < $1.id }) {
      let kind: Vocabulary.Kind = token.isSpecial ? .control : .userDefined
      if token.id >= vocabulary.count {
        while vocabulary.count < token.id { vocabulary.appendUnused() }
        try vocabulary.append(token.content, kind: kind)
      } else if vocabulary.kinds[Int(token.id)] != .unknown {
        vocabulary.kinds[Int(token.id)] = kind
      }
    }
    return tokens
  }

  private func id(_ role: String, _ own: Int, _ vocabulary: Vocabulary) -> Int32? {
    if let text = TokenizerSettings.text(of: role, settings), let id = vocabulary.id(of: text) {
      return id
    }
    return file.kinds.indices.contains(own) && file.kinds[own] == .control ? Int32(own) : nil
  }

  /// What is put around a text: a beginning, or in T5's family an end, unless the configuration says otherwise.
  private func frame(bos: Int32?, eos: Int32?) -> ([Int32], [Int32]) {
    let isT5 = settings["tokenizer_class"]?.string?.hasPrefix("T5") ?? false
    let addsBOS = settings["add_bos_token"]?.bool ?? !isT5
    let addsEOS = settings["add_eos_token"]?.bool ?? isT5
    return (
      addsBOS ? [bos].compactMap { $0 } : [], addsEOS ? [eos].compactMap { $0 } : []
    )
  }
}

/// What `tokenizer_config.json` says about tokens.
enum TokenizerSettings {
  /// The text of the token with a role, as `bos`.
  static func text(of role: String, _ settings: JSONValue) -> String? {
    let token = settings[role + "_token"]
    return token?.string ?? token?["content"]?.string
  }

  /// The template itself, or the one called `default` of several.
  static func chatTemplate(_ settings: JSONValue) -> String? {
    if let text = settings["chat_template"]?.string { return text }
    let several = settings["chat_template"]?.array ?? []
    let chosen = several.first { $0["name"]?.string == "default" } ?? several.first
    return chosen?["template"]?.string
  }
}
