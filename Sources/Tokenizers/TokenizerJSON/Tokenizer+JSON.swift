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

struct TokenizerJSONReader {
  let root: JSONValue
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
    let added = try addedTokens()
    let (model, vocabulary) = try model(added: added)
    var stages: [PreTokenizer.Stage] = []
    try append(root["pre_tokenizer"] ?? .null, to: &stages)
    var parts = Tokenizer.Parts(
      vocabulary: vocabulary, model: model, preTokenizer: PreTokenizer(stages: stages))
    parts.normalizer = try normalizer(root["normalizer"] ?? .null)
    parts.addedTokens = added
    parts.decoder = TokenDecoder(spelling: .byteAlphabet)
    try checkDecoder(root["decoder"] ?? .null)
    (parts.prefix, parts.suffix) = try frame(root["post_processor"] ?? .null)
    parts.bosID = named("bos_token", in: vocabulary)
    parts.eosID = named("eos_token", in: vocabulary)
    parts.endOfGenerationIDs = EndOfGeneration.ids(
      vocabulary: vocabulary, declared: [parts.eosID].compactMap { $0 },
      model: model)
    parts.chatTemplate = chatTemplate
    return parts
  }

  // MARK: Added tokens

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

  // MARK: Stages

  private func normalizer(_ value: JSONValue) throws(TokenizerError) -> Normalizer {
    guard !value.isNull else { return .none }
    switch value["type"]?.string {
    case "NFC": return .composed
    case "Precompiled":
      guard let table = value["precompiled_charsmap"]?.string else {
        throw .wrongType(key: "normalizer.precompiled_charsmap", expected: "a text")
      }
      return Normalizer([try GraphemeCharsmap(base64: table)])
    case "Sequence":
      var result = Normalizer.none
      for part in value["normalizers"]?.array ?? [] {
        result.steps += try normalizer(part).steps
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
