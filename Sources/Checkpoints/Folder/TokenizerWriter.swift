import GGUF
import SystemPackage
import Tokenizers

/// The tokenizer files of a Hugging Face folder from the metadata of a GGUF.
struct TokenizerWriter {
  fileprivate typealias Kind = TokenizerMetadata.TokenType

  struct Token {
    let text: String
    let kind: Int
    /// Stands for a row of the embedding that no token uses.
    var isPadding: Bool { kind == Int(Kind.unused.rawValue) && text.hasPrefix("[PAD") }
    var isControl: Bool { kind == Int(Kind.control.rawValue) || kind == 2 }
    var isAdded: Bool { isControl || kind == Int(Kind.userDefined.rawValue) }
  }

  let architecture: Architecture
  private let metadata: GGUFMetadata
  /// The rules of a vocabulary of pieces; `nil` for a byte-level one.
  private let pieces: PieceWriter?
  let tokens: [Token]
  let merges: [String]
  let meaning: PreTokenizerName.Meaning
  /// Tokens from here on are added ones without a place in the model's vocabulary.
  private let firstAddedOnly: Int

  /// - Throws: ``CheckpointError`` when the metadata hold no byte-level tokenizer or a broken one.
  init(_ metadata: GGUFMetadata, architecture: Architecture, path: FilePath?) throws {
    func failure(_ reason: CheckpointError.Reason) -> CheckpointError {
      CheckpointError(reason, path: path)
    }
    guard let model = metadata.string("tokenizer.ggml.model") else { throw failure(.noTokenizer) }
    guard model == "gpt2" || model == "llama" else {
      throw failure(.unsupported(key: "tokenizer.ggml.model", value: model))
    }
    // Everything that can be wrong with a tokenizer is wrong with its reader too.
    do { _ = try Tokenizer(metadata: metadata) } catch { throw failure(.tokenizer(error)) }
    let name = metadata.string("tokenizer.ggml.pre") ?? "default"
    guard let meaning = model == "llama" ? .pieces : PreTokenizerName.meaning(of: name) else {
      throw failure(.unsupported(key: "tokenizer.ggml.pre", value: name))
    }
    let texts = metadata.strings("tokenizer.ggml.tokens") ?? []
    let kinds = metadata.integers("tokenizer.ggml.token_type") ?? []
    tokens = texts.enumerated().map { place, text in
      Token(text: text, kind: place < kinds.count ? kinds[place] : 1)
    }
    merges = metadata.strings("tokenizer.ggml.merges") ?? []
    pieces = model == "llama" ? PieceWriter(metadata, tokens: tokens) : nil
    self.meaning = meaning
    self.metadata = metadata
    self.architecture = architecture
    let end = (tokens.lastIndex { !$0.isPadding } ?? -1) + 1
    firstAddedOnly = (tokens[..<end].lastIndex { !$0.isAdded } ?? -1) + 1
  }

  private var added: [(id: Int, token: Token)] {
    tokens.enumerated().filter { $0.element.isAdded }.map { ($0.offset, $0.element) }
  }

  /// The files that say everything, by name.
  func plainFiles(contextLength: Int) -> [HuggingFaceFolder.TextFile] {
    let files = [
      HuggingFaceFolder.TextFile(name: "special_tokens_map.json", bytes: specialTokens.text),
      HuggingFaceFolder.TextFile(name: "tokenizer.json", bytes: tokenizer.text),
      HuggingFaceFolder.TextFile(
        name: "tokenizer_config.json", bytes: settings(contextLength: contextLength).text),
    ]
    guard let pieces else { return files }
    return files + [HuggingFaceFolder.TextFile(name: "tokenizer.model", bytes: pieces.modelFile)]
  }

  // MARK: tokenizer.json

  var tokenizer: JSONValue {
    .members(
      ("version", .string("1.0")), ("truncation", .null), ("padding", .null),
      ("added_tokens", .array(added.map { describe($0.token, id: $0.id) })),
      (
        "normalizer",
        pieces?.normalizer ?? (meaning.composes ? .members(("type", .string("NFC"))) : .null)
      ),
      ("pre_tokenizer", pieces == nil ? preTokenizer : .null), ("post_processor", postProcessor),
      ("decoder", pieces?.decoder ?? byteLevel(usesPattern: true)),
      ("model", pieces?.model(tokenCount: firstAddedOnly) ?? model))
  }

  private func describe(_ token: Token, id: Int?) -> JSONValue {
    .members(
      ("id", id.map { .integer($0) }), ("content", .string(token.text)),
      ("single_word", .bool(false)), ("lstrip", .bool(false)), ("rstrip", .bool(false)),
      ("normalized", .bool(false)), ("special", .bool(token.isControl)))
  }

  private func byteLevel(usesPattern: Bool) -> JSONValue {
    .members(
      ("type", .string("ByteLevel")), ("add_prefix_space", .bool(false)),
      ("trim_offsets", .bool(false)), ("use_regex", .bool(usesPattern)))
  }

  private var preTokenizer: JSONValue {
    var patterns = meaning.patterns
    let usesPattern = patterns.last == PreTokenizerName.gpt2Pattern
    if usesPattern { patterns.removeLast() }
    let last = byteLevel(usesPattern: usesPattern)
    let stages = patterns.map(isolating) + [last] + meaning.spelledPatterns.map(isolating)
    guard stages.count > 1 else { return last }
    return .members(("type", .string("Sequence")), ("pretokenizers", .array(stages)))
  }

  private func isolating(_ pattern: String) -> JSONValue {
    if pattern == #"\p{N}"# {
      return .members(("type", .string("Digits")), ("individual_digits", .bool(true)))
    }
    return .members(
      ("type", .string("Split")), ("pattern", .members(("Regex", .string(pattern)))),
      ("behavior", .string("Isolated")), ("invert", .bool(false)))
  }

  private var addsBOS: Bool { metadata.bool("tokenizer.ggml.add_bos_token") ?? meaning.addsBOS }
  private var addsEOS: Bool { metadata.bool("tokenizer.ggml.add_eos_token") ?? false }

  /// What the GGUF says; nothing where it leaves it to the pre-tokenizer.
  func flag(_ key: String) -> JSONValue? {
    metadata.bool("tokenizer.ggml.\(key)").map { .bool($0) }
  }

  private var postProcessor: JSONValue {
    let first = addsBOS ? token("bos") : nil
    let last = addsEOS ? token("eos") : nil
    guard first != nil || last != nil else {
      return metadata.bool("tokenizer.ggml.add_eos_token") == nil
        ? .null : byteLevel(usesPattern: false)
    }
    func special(_ token: (id: Int, text: String)?, _ type: Int) -> [JSONValue] {
      guard let token else { return [] }
      return [
        .members(
          ("SpecialToken", .members(("id", .string(token.text)), ("type_id", .integer(type)))))
      ]
    }
    func sequence(_ name: String, _ type: Int) -> [JSONValue] {
      special(first, type)
        + [.members(("Sequence", .members(("id", .string(name)), ("type_id", .integer(type)))))]
        + special(last, type)
    }
    let used = [first, last].compactMap { $0 }
    let members = used.map { token in
      JSONValue.Member(
        token.text,
        .members(
          ("id", .string(token.text)), ("ids", .array([.integer(token.id)])),
          ("tokens", .array([.string(token.text)]))))
    }
    return .members(
      ("type", .string("TemplateProcessing")), ("single", .array(sequence("A", 0))),
      ("pair", .array(sequence("A", 0) + sequence("B", 1))), ("special_tokens", .object(members)))
  }

  private var model: JSONValue {
    let vocabulary = tokens[..<firstAddedOnly].enumerated().map { id, token in
      JSONValue.Member(token.text, .integer(id))
    }
    return .members(
      ("type", .string("BPE")), ("dropout", .null), ("unk_token", .null),
      ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null),
      ("fuse_unk", .bool(false)), ("byte_fallback", .bool(false)),
      ("ignore_merges", .bool(meaning.ignoresMerges)), ("vocab", .object(vocabulary)),
      ("merges", .array(merges.map { .string($0) })))
  }

  // MARK: tokenizer_config.json and special_tokens_map.json

  private func token(_ role: String) -> (id: Int, text: String)? {
    guard let id = metadata.integer("tokenizer.ggml.\(role)_token_id"), tokens.indices.contains(id)
    else { return nil }
    return (id, tokens[id].text)
  }

  private func text(_ role: String) -> JSONValue? { token(role).map { .string($0.text) } }

  /// Qwen2 begins texts with nothing; its GGUFs name a token all the same.
  private var beginning: JSONValue? {
    architecture.modelType == "qwen2" && !addsBOS ? nil : text("bos")
  }

  private var otherSpecial: JSONValue {
    let roles = Set(["bos", "eos", "unknown", "padding"].compactMap { token($0)?.id })
    let others = added.filter { $0.token.isControl && !roles.contains($0.id) }
    return .array(others.map { .string($0.token.text) })
  }

  func settings(contextLength: Int) -> JSONValue {
    let decoder = added.map { JSONValue.Member("\($0.id)", describe($0.token, id: nil)) }
    return .members(
      ("add_bos_token", flag("add_bos_token")), ("add_eos_token", flag("add_eos_token")),
      ("add_prefix_space", pieces == nil ? .bool(false) : flag("add_space_prefix")),
      ("added_tokens_decoder", .object(decoder)),
      ("additional_special_tokens", otherSpecial), ("bos_token", beginning ?? .null),
      ("chat_template", template), ("clean_up_tokenization_spaces", .bool(false)),
      ("eos_token", text("eos") ?? .null), ("errors", .string("replace")),
      ("model_max_length", .integer(contextLength)), ("pad_token", text("padding") ?? .null),
      ("tokenizer_class", .string(tokenizerClass)), ("unk_token", text("unknown") ?? .null))
  }

  /// The class whose own rules are those of the pre-tokenizer; else the one that follows `tokenizer.json`.
  private var tokenizerClass: String {
    switch metadata.string("tokenizer.ggml.pre") {
    case "qwen2": "Qwen2Tokenizer"
    case "smollm", "gpt-2": "GPT2Tokenizer"
    default: "PreTrainedTokenizerFast"
    }
  }

  var template: JSONValue? {
    let standard = metadata.string("tokenizer.chat_template")
    let names = metadata.strings("tokenizer.chat_templates") ?? []
    guard !names.isEmpty else { return standard.map { .string($0) } }
    let named = names.compactMap { name in
      metadata.string("tokenizer.chat_template.\(name)").map { (name, $0) }
    }
    let all = (standard.map { [("default", $0)] } ?? []) + named
    return .array(
      all.map { .members(("name", .string($0.0)), ("template", .string($0.1))) })
  }

  var specialTokens: JSONValue {
    .members(
      ("additional_special_tokens", otherSpecial), ("bos_token", beginning),
      ("eos_token", text("eos")), ("pad_token", text("padding")), ("unk_token", text("unknown")))
  }
}
