public import GGUF

extension Tokenizer {
  /// A tokenizer from the metadata of a GGUF file.
  ///
  /// - Throws: `TokenizerError`; a vocabulary that is not byte-level is `.unsupported`.
  /// - Source: llama.cpp `src/llama-vocab.cpp`, `load`; where its patterns are simplified, the pattern of the
  ///   original tokenizer is used.
  public init(metadata: GGUFMetadata) throws(TokenizerError) {
    self.init(try TokenizerMetadataReader(metadata: metadata).parts())
  }
}

struct TokenizerMetadataReader {
  let metadata: GGUFMetadata

  enum Key {
    static let model = "tokenizer.ggml.model"
    static let pre = "tokenizer.ggml.pre"
    static let tokens = "tokenizer.ggml.tokens"
    static let types = "tokenizer.ggml.token_type"
    static let merges = "tokenizer.ggml.merges"
    static let bos = "tokenizer.ggml.bos_token_id"
    static let eos = "tokenizer.ggml.eos_token_id"
    static let addBOS = "tokenizer.ggml.add_bos_token"
    static let addEOS = "tokenizer.ggml.add_eos_token"
    static let template = "tokenizer.chat_template"
    /// Tokens that end a turn, a message, or a fill-in-the-middle answer.
    static let ends = [
      "eot_token_id", "eom_token_id", "fim_pad_token_id", "fim_rep_token_id", "fim_sep_token_id",
    ].map { "tokenizer.ggml." + $0 }
  }

  func parts() throws(TokenizerError) -> Tokenizer.Parts {
    guard let model = metadata.string(Key.model) else {
      throw metadata[Key.model] == nil
        ? .missing(key: Key.model) : .wrongType(key: Key.model, expected: "a string")
    }
    if model == "bert" { return try wordPieceParts() }
    if let parts = try sentencePieceParts(model) { return parts }
    guard model == "gpt2" else { throw .unsupported(key: Key.model, value: model) }
    let name = metadata.string(Key.pre) ?? "default"
    guard let recipe = PreTokenizerRecipe.named(name) else {
      throw .unknownPreTokenizer(name: name)
    }
    switch recipe.alphabet {
    case .bytes: break
    case .spacedText:
      var parts = try spacedPairParts()
      if !(metadata.bool(Key.addBOS) ?? recipe.addsBOS) { parts.prefix = [] }
      return parts
    case .text: throw .unsupported(key: Key.pre, value: name)
    }
    var vocabulary = try vocabulary()
    let pair = try BytePairModel(
      vocabulary: vocabulary, merges: texts(Key.merges), ignoresMerges: recipe.ignoresMerges)
    let eos = id(Key.eos, in: vocabulary)
    let ends = EndOfGeneration.ids(
      vocabulary: vocabulary,
      declared: ([eos] + Key.ends.map { id($0, in: vocabulary) }).compactMap { $0 },
      model: pair)
    correctKinds(&vocabulary, ends: ends)
    var parts = Tokenizer.Parts(
      vocabulary: vocabulary, model: try recipe.model(pair),
      preTokenizer: try PreTokenizer(isolating: recipe.patterns))
    parts.normalizer = recipe.normalizer
    parts.addedTokens = addedTokens(vocabulary)
    parts.bosID = id(Key.bos, in: vocabulary)
    parts.eosID = eos
    if metadata.bool(Key.addBOS) ?? recipe.addsBOS, let bos = parts.bosID { parts.prefix = [bos] }
    if metadata.bool(Key.addEOS) ?? false, let eos { parts.suffix = [eos] }
    parts.endOfGenerationIDs = ends
    parts.chatTemplate = metadata.string(Key.template)
    return parts
  }

  func texts(_ key: String) throws(TokenizerError) -> GGUFTextList {
    guard metadata.contains(key) else { throw .missing(key: key) }
    guard let list = metadata.texts(key) else {
      throw .wrongType(key: key, expected: "an array of strings")
    }
    return list
  }

  func vocabulary() throws(TokenizerError) -> Vocabulary {
    let tokens = named(try texts(Key.tokens))
    let kinds = try kinds(count: tokens.count)
    return try Vocabulary(tokens, kinds: kinds)
  }

  /// The list with a name for each token that has none.
  private func named(_ list: GGUFTextList) -> GGUFTextList {
    var isWhole = true
    list.forEach { if $1.isEmpty { isWhole = false } }
    guard !isWhole else { return list }
    var named = GGUFTextList()
    list.forEach { bytes, range in
      if range.isEmpty {
        named.append("[EMPTY_\(named.count)]".utf8)
      } else {
        named.append(bytes[range])
      }
    }
    return named
  }

  func kinds(count: Int) throws(TokenizerError) -> [Vocabulary.Kind] {
    guard metadata.contains(Key.types) else {
      return [Vocabulary.Kind](repeating: .normal, count: count)
    }
    guard let types = metadata.integers(Key.types) else {
      throw .wrongType(key: Key.types, expected: "an array of integers")
    }
    guard types.count >= count else {
      throw .countMismatch(key: Key.types, expected: count, found: types.count)
    }
    return types.prefix(count).map {
      UInt8(exactly: $0).flatMap(Vocabulary.Kind.init) ?? .undefined
    }
  }

  func id(_ key: String, in vocabulary: Vocabulary) -> Int32? {
    guard let id = metadata.integer(key), id >= 0, id < vocabulary.count else { return nil }
    return Int32(id)
  }

  /// Some files call control tokens normal, or the parts of a dialogue control.
  func correctKinds(_ vocabulary: inout Vocabulary, ends: Set<Int32>) {
    for id in ends { vocabulary.kinds[Int(id)] = .control }
    for text in ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"] {
      if let id = vocabulary.id(of: text) { vocabulary.kinds[Int(id)] = .userDefined }
    }
  }

  func addedTokens(_ vocabulary: Vocabulary) -> [AddedTokens.Token] {
    vocabulary.kinds.indices.compactMap { index in
      let kind = vocabulary.kinds[index]
      guard kind.isSpecial || kind == .userDefined,
        let text = vocabulary.text(of: Int32(index))
      else { return nil }
      return .init(
        id: Int32(index), content: String(decoding: text, as: UTF8.self),
        isSpecial: kind.isSpecial)
    }
  }
}
