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

private struct TokenizerMetadataReader {
  let metadata: GGUFMetadata

  private enum Key {
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
    guard model == "gpt2" else { throw .unsupported(key: Key.model, value: model) }
    let name = metadata.string(Key.pre) ?? "default"
    guard let recipe = PreTokenizerRecipe.named(name) else {
      throw .unknownPreTokenizer(name: name)
    }
    var vocabulary = try vocabulary()
    let pair = try BytePairModel(
      vocabulary: vocabulary, merges: merges(), unknown: nil, ignoresMerges: recipe.ignoresMerges,
      unknownMerges: .tolerated)
    let eos = id(Key.eos, in: vocabulary)
    let ends = EndOfGeneration.ids(
      vocabulary: vocabulary,
      declared: ([eos] + Key.ends.map { id($0, in: vocabulary) }).compactMap { $0 },
      merges: pair.merges)
    correctKinds(&vocabulary, ends: ends)
    var parts = Tokenizer.Parts(
      vocabulary: vocabulary, model: pair,
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

  private func strings(_ key: String) throws(TokenizerError) -> [String] {
    guard metadata[key] != nil else { throw .missing(key: key) }
    guard let strings = metadata.strings(key) else {
      throw .wrongType(key: key, expected: "an array of strings")
    }
    return strings
  }

  private func vocabulary() throws(TokenizerError) -> Vocabulary {
    let tokens = try strings(Key.tokens)
    var types: [Int]?
    if metadata[Key.types] != nil {
      guard let integers = metadata.integers(Key.types) else {
        throw .wrongType(key: Key.types, expected: "an array of integers")
      }
      guard integers.count >= tokens.count else {
        throw .countMismatch(key: Key.types, expected: tokens.count, found: integers.count)
      }
      types = integers
    }
    var vocabulary = Vocabulary(minimumCapacity: min(tokens.count, Vocabulary.maximumCount))
    for (index, token) in tokens.enumerated() {
      let type = types.map { $0[index] } ?? Int(Vocabulary.Kind.normal.rawValue)
      let kind = UInt8(exactly: type).flatMap(Vocabulary.Kind.init) ?? .undefined
      try vocabulary.append(token.isEmpty ? "[EMPTY_\(index)]" : token, kind: kind)
    }
    return vocabulary
  }

  private func merges() throws(TokenizerError) -> [(Substring, Substring)] {
    try strings(Key.merges).map { merge in
      // The first half may itself start with a space; a text without a space merges nothing.
      guard let space = merge.utf8.dropFirst().firstIndex(of: 0x20) else { return (merge[...], "") }
      return (merge[..<space], merge[merge.utf8.index(after: space)...])
    }
  }

  private func id(_ key: String, in vocabulary: Vocabulary) -> Int32? {
    guard let id = metadata.integer(key), id >= 0, id < vocabulary.count else { return nil }
    return Int32(id)
  }

  /// Some files call control tokens normal, or the parts of a dialogue control.
  private func correctKinds(_ vocabulary: inout Vocabulary, ends: Set<Int32>) {
    for id in ends { vocabulary.kinds[Int(id)] = .control }
    for text in ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"] {
      if let id = vocabulary.id(of: text) { vocabulary.kinds[Int(id)] = .userDefined }
    }
  }

  private func addedTokens(_ vocabulary: Vocabulary) -> [AddedTokens.Token] {
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
