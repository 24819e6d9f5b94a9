extension Tokenizer {
  /// A tokenizer from the `tokenizer.json` of a Hugging Face checkpoint.
  ///
  /// - Parameters:
  ///   - tokenizerJSON: The file's bytes.
  ///   - config: The bytes of `tokenizer_config.json`, which names the begin and end tokens and may hold the chat
  ///     template.
  ///   - chatTemplate: The text of `chat_template.jinja`, which goes before the one in the configuration.
  /// - Throws: `TokenizerError`.
  /// - Source: the serialization of the `tokenizers` library, 0.23.
  public init(
    tokenizerJSON: [UInt8], config: [UInt8]?, chatTemplate: String? = nil
  ) throws(TokenizerError) {
    let reader = try TokenizerJSONReader(tokenizerJSON: tokenizerJSON, config: config)
    var parts = try reader.parts()
    parts.chatTemplate = chatTemplate ?? parts.chatTemplate
    self.init(parts)
  }
}

private struct TokenizerJSONReader {
  private let root: JSONValue
  private let config: JSONValue

  init(tokenizerJSON: [UInt8], config: [UInt8]?) throws(TokenizerError) {
    do {
      root = try JSONValue(parsing: tokenizerJSON)
      self.config =
        try config.map { bytes throws(JSONError) in try JSONValue(parsing: bytes) } ?? .null
    } catch {
      throw .malformedJSON(error)
    }
  }

  func parts() throws(TokenizerError) -> Tokenizer.Parts {
    guard let model = root["model"] else { throw .missing(key: "model") }
    let type = model["type"]?.string ?? "BPE"
    guard type == "BPE" else { throw .unsupported(key: "model.type", value: type) }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let text = model[key]?.string, !text.isEmpty {
        throw .unsupported(key: "model." + key, value: text)
      }
    }
    if let dropout = model["dropout"], !dropout.isNull {
      throw .unsupported(key: "model.dropout", value: "\(dropout)")
    }
    let added = try addedTokens()
    let vocabulary = try vocabulary(of: model, added: added)
    let unknown = model["unk_token"]?.string.flatMap { vocabulary.id(of: $0) }
    let pair = try BytePairModel(
      vocabulary: vocabulary, merges: merges(of: model), unknown: unknown,
      ignoresMerges: model["ignore_merges"]?.bool ?? false)
    var stages: [PreTokenizer.Stage] = []
    try append(root["pre_tokenizer"] ?? .null, to: &stages)
    var parts = Tokenizer.Parts(
      vocabulary: vocabulary, model: pair, preTokenizer: PreTokenizer(stages: stages))
    parts.normalizer = try normalizer(root["normalizer"] ?? .null)
    parts.addedTokens = added
    try checkDecoder(root["decoder"] ?? .null)
    (parts.prefix, parts.suffix) = try frame(root["post_processor"] ?? .null)
    parts.bosID = named("bos_token", in: vocabulary)
    parts.eosID = named("eos_token", in: vocabulary)
    parts.endOfGenerationIDs = EndOfGeneration.ids(
      vocabulary: vocabulary, declared: [parts.eosID].compactMap { $0 },
      merges: pair.merges)
    parts.chatTemplate = chatTemplate
    return parts
  }

  // MARK: Vocabulary and merges

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

  private func vocabulary(
    of model: JSONValue, added: [AddedTokens.Token]
  ) throws(TokenizerError) -> Vocabulary {
    guard let members = model["vocab"]?.object else {
      throw .wrongType(key: "model.vocab", expected: "an object of token ids")
    }
    var entries: [(id: Int, text: String, kind: Vocabulary.Kind)] = []
    for member in members {
      guard let id = member.value.integer else {
        throw .wrongType(key: "model.vocab", expected: "an object of token ids")
      }
      guard id >= 0, id < Vocabulary.maximumCount else {
        throw .idOutOfRange(key: "model.vocab", id: id, limit: Vocabulary.maximumCount)
      }
      entries.append((id, member.key, .normal))
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

  // MARK: Stages

  private func normalizer(_ value: JSONValue) throws(TokenizerError) -> Normalizer {
    guard !value.isNull else { return .none }
    switch value["type"]?.string {
    case "NFC": return .composed
    case "Sequence":
      var result = Normalizer.none
      for part in value["normalizers"]?.array ?? [] {
        if case .composed = try normalizer(part) { result = .composed }
      }
      return result
    case let other: throw .unsupported(key: "normalizer", value: other ?? "")
    }
  }

  private func append(
    _ value: JSONValue, to stages: inout [PreTokenizer.Stage]
  ) throws(TokenizerError) {
    switch value["type"]?.string {
    case "Sequence":
      for part in value["pretokenizers"]?.array ?? [] { try append(part, to: &stages) }
    case "Digits":
      let pattern = value["individual_digits"]?.bool ?? false ? #"\p{N}"# : #"\p{N}+"#
      stages.append(.split(try PreTokenizer.compile(pattern), .isolated, inverted: false))
    case "Split":
      guard let behavior = value["behavior"]?.string.flatMap(PreTokenizer.Behavior.init) else {
        throw .wrongType(key: "pre_tokenizer.behavior", expected: "a known behavior")
      }
      let pattern: String
      if let regex = value["pattern"]?["Regex"]?.string {
        pattern = regex
      } else if let text = value["pattern"]?["String"]?.string {
        pattern = Self.escaped(text)
      } else {
        throw .wrongType(key: "pre_tokenizer.pattern", expected: "a pattern")
      }
      stages.append(
        .split(
          try PreTokenizer.compile(pattern), behavior, inverted: value["invert"]?.bool ?? false))
    case "ByteLevel":
      if value["add_prefix_space"]?.bool ?? true { stages.append(.prefixSpace) }
      if value["use_regex"]?.bool ?? true {
        stages.append(
          .split(try PreTokenizer.compile(PreTokenizer.gpt2Pattern), .isolated, inverted: false))
      }
    case let other: throw .unsupported(key: "pre_tokenizer", value: other ?? "")
    }
  }

  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { pattern, scalar in
      if scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) {
        pattern += "\\"
      }
      pattern.unicodeScalars.append(scalar)
    }
  }

  private func checkDecoder(_ value: JSONValue) throws(TokenizerError) {
    switch value["type"]?.string {
    case nil, "ByteLevel": return
    case "Sequence":
      for part in value["decoders"]?.array ?? [] { try checkDecoder(part) }
    case let other?: throw .unsupported(key: "decoder", value: other)
    }
  }

  /// The tokens that the post-processor puts before and after a single text.
  private func frame(_ value: JSONValue) throws(TokenizerError) -> ([Int32], [Int32]) {
    switch value["type"]?.string {
    case nil, "ByteLevel": return ([], [])
    case "Sequence":
      var prefix: [Int32] = []
      var suffix: [Int32] = []
      for part in value["processors"]?.array ?? [] {
        let (before, after) = try frame(part)
        prefix = before + prefix
        suffix += after
      }
      return (prefix, suffix)
    case "TemplateProcessing":
      var prefix: [Int32] = []
      var suffix: [Int32] = []
      var hasText = false
      for item in value["single"]?.array ?? [] {
        if item["Sequence"] != nil { hasText = true }
        guard let name = item["SpecialToken"]?["id"]?.string else { continue }
        let ids = value["special_tokens"]?[name]?["ids"]?.array ?? []
        for id in ids {
          guard let id = id.integer, id >= 0, id < Vocabulary.maximumCount else {
            throw .wrongType(key: "post_processor.special_tokens", expected: "token ids")
          }
          if hasText { suffix.append(Int32(id)) } else { prefix.append(Int32(id)) }
        }
      }
      return (prefix, suffix)
    case let other?: throw .unsupported(key: "post_processor", value: other)
    }
  }

  // MARK: tokenizer_config.json

  private func named(_ key: String, in vocabulary: Vocabulary) -> Int32? {
    let name = config[key]?.string ?? config[key]?["content"]?.string
    return name.flatMap { vocabulary.id(of: $0) }
  }

  /// The template itself, or the one called `default` of several.
  private var chatTemplate: String? {
    if let text = config["chat_template"]?.string { return text }
    let several = config["chat_template"]?.array ?? []
    let chosen = several.first { $0["name"]?.string == "default" } ?? several.first
    return chosen?["template"]?.string
  }
}
