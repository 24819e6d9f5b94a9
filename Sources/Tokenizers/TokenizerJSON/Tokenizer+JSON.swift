extension Tokenizer {
  /// A tokenizer from the `tokenizer.json` of a Hugging Face checkpoint.
  ///
  /// Its `truncation` and `padding` are passed over: they make texts fit one tensor, and encoding gives all ids of a
  /// text. What else it may say and this library does not do is refused by name.
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
    if let version = root["version"], version != .string("1.0") {
      throw .unsupported(key: "version", value: version.string ?? "\(version)")
    }
    let normalizer = try normalizer()
    var preTokenizer = try preTokenizer()
    let subwords = try subwords(&preTokenizer)
    let vocabulary = subwords.vocabulary
    var parts = Tokenizer.Parts(
      vocabulary: vocabulary, model: subwords.model, preTokenizer: preTokenizer,
      normalizer: normalizer)
    parts.addedTokens = subwords.added
    parts.decoder = try decoder()
    for token in subwords.added { parts.decoder.add(token, normalizer, vocabulary) }
    (parts.prefix, parts.suffix) = try frame()
    parts.bosID = named("bos_token", in: vocabulary)
    parts.eosID = named("eos_token", in: vocabulary)
    parts.endOfGenerationIDs = EndOfGeneration.ids(
      vocabulary: vocabulary, declared: [parts.eosID].compactMap { $0 },
      model: subwords.model)
    parts.chatTemplate = chatTemplate
    return parts
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
