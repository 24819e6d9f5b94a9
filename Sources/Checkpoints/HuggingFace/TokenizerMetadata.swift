import GGUF
import SystemPackage
import TensorCore
import Tokenizers

/// The tokenizer of a Hugging Face folder as GGUF metadata.
///
/// - Source: `_set_vocab_gpt2` in llama.cpp's conversion/base.py, `LlamaModel.set_vocab` in llama.py and
///   `SpecialVocab` in gguf-py's vocab.py (gguf 0.19).
struct TokenizerMetadata {
  private let architecture: Architecture
  private let tokenizer: JSONFile
  private let settings: JSONFile?
  private let config: JSONFile
  private let template: ChatTemplates
  /// Rows of the embedding: the tokens that the GGUF lists.
  private let rows: Int

  /// - Throws: ``CheckpointError`` when there is no tokenizer or one of another family.
  init(folder: FilePath, config: JSONFile, architecture: Architecture, rows: Int) throws {
    guard let tokenizer = try JSONFile.ifPresent(folder.appending("tokenizer.json")) else {
      let hasModel = try FileSystem.exists(folder.appending("tokenizer.model"))
      throw CheckpointError(hasModel ? .sentencePiece : .noTokenizer, path: folder)
    }
    let model = tokenizer["model"]
    guard model?["type"]?.string ?? "BPE" == "BPE" else {
      throw CheckpointError(
        .unsupported(key: "model.type", value: model?["type"]?.brief ?? ""), path: tokenizer.path)
    }
    guard model?["byte_fallback"]?.bool != true else {
      throw CheckpointError(.sentencePiece, path: tokenizer.path)
    }
    self.tokenizer = tokenizer
    settings = try JSONFile.ifPresent(folder.appending("tokenizer_config.json"))
    template = try ChatTemplates(folder: folder, settings: settings)
    self.config = config
    self.architecture = architecture
    self.rows = rows
  }

  func append(to metadata: inout GGUFMetadata, warnings: inout [String]) throws {
    func set(_ key: String, _ value: GGUFValue) { metadata["tokenizer.ggml.\(key)"] = value }

    if architecture.statesPrefixSpace, let adds = try settings?.bool("add_prefix_space") {
      set("add_space_prefix", .bool(adds))
    }
    set("model", .string("gpt2"))
    set("pre", .string(preTokenizer(&warnings)))
    let (tokens, types) = try vocabulary()
    set("tokens", .array(.string(tokens)))
    set("token_type", .array(.int32(types.map(\.rawValue))))
    set("merges", .array(.string(try merges())))
    var special = try SpecialTokens(tokenizer: tokenizer, settings: settings, config: config)
    for (role, token) in architecture.roles { special.set(role, toAdded: token, in: tokenizer) }
    for (key, id) in special.ids { set(key, .uint32(id)) }
    for (key, adds) in special.adds { set(key, .bool(adds)) }
    template.append(to: &metadata)
    // SmolLM and Granite Code declare a beginning that they were never trained with.
    if architecture.statesPrefixSpace, rows == 49_152 { set("add_bos_token", .bool(false)) }
  }

  // MARK: Pre-tokenizer

  private func preTokenizer(_ warnings: inout [String]) -> String {
    let ignoresMerges = tokenizer["model"]?["ignore_merges"]?.bool ?? false
    let composes = Self.composes(tokenizer["normalizer"])
    for name in Self.normalizersLeftOut(tokenizer["normalizer"]) {
      warnings.append(
        "tokenizer.json: the normalizer \(name.printable) has no place in a GGUF, whose readers will "
          + "tokenize otherwise")
    }
    if let patterns = Self.patterns(tokenizer["pre_tokenizer"]),
      let name = PreTokenizerName.find(
        patterns: patterns, composes: composes, ignoresMerges: ignoresMerges)
    {
      let own = architecture.preTokenizer.flatMap { PreTokenizerName.meaning(of: $0) }
      return own?.patterns == patterns ? architecture.preTokenizer ?? name : name
    }
    warnings.append(
      "tokenizer.json: no program knows this way to cut text into words; other programs will use "
        + "their default, and some texts will get other tokens")
    return "default"
  }

  /// What the pre-tokenizer isolates, in order; `nil` for anything that is not this simple.
  private static func patterns(_ stage: JSONValue?) -> [String]? {
    guard let stage = JSONFile.present(stage) else { return [] }
    switch stage["type"]?.string {
    case "Sequence":
      let parts = (stage["pretokenizers"]?.array ?? []).map(patterns)
      return parts.contains(nil) ? nil : parts.flatMap { $0 ?? [] }
    case "Digits":
      return stage["individual_digits"]?.bool == true ? [#"\p{N}"#] : [#"\p{N}+"#]
    case "Split":
      // Patterns that leave nothing out may as well remove what they do not match.
      let keepsMatches = stage["invert"]?.bool == true ? "Removed" : "Isolated"
      guard stage["behavior"]?.string == keepsMatches,
        let pattern = stage["pattern"]?["Regex"]?.string
      else { return nil }
      return [pattern]
    case "Punctuation":
      return stage["behavior"]?.string == "Contiguous"
        ? [PreTokenizerName.punctuationPattern] : nil
    case "ByteLevel":
      if stage["add_prefix_space"]?.bool ?? true { return nil }
      return stage["use_regex"]?.bool ?? true ? [PreTokenizerName.gpt2Pattern] : []
    default: return nil
    }
  }

  private static func composes(_ normalizer: JSONValue?) -> Bool {
    switch normalizer?["type"]?.string {
    case "NFC": true
    case "Sequence": normalizer?["normalizers"]?.array?.contains { composes($0) } ?? false
    default: false
    }
  }

  /// What is done to text that no key of a GGUF says.
  private static func normalizersLeftOut(_ normalizer: JSONValue?) -> [String] {
    switch normalizer?["type"]?.string {
    case nil, "NFC": []
    case "Sequence": (normalizer?["normalizers"]?.array ?? []).flatMap { normalizersLeftOut($0) }
    case let name?: [name]
    }
  }

  // MARK: Vocabulary

  /// Numbers of `tokenizer.ggml.token_type`.
  enum TokenType: Int32 {
    case normal = 1
    case control = 3
    case userDefined = 4
    case unused = 5
  }

  private func vocabulary() throws -> ([String], [TokenType]) {
    guard let entries = tokenizer["model"]?["vocab"]?.object else {
      throw tokenizer.bad("model.vocab", "an object of token ids", tokenizer["model"]?["vocab"])
    }
    var tokens = [String?](repeating: nil, count: rows)
    var types = [TokenType](repeating: .unused, count: rows)
    func place(_ id: Int?, _ key: String) throws -> Int {
      guard let id, id >= 0 else {
        throw tokenizer.bad(key, "token ids from 0 on", id.map { .integer($0) })
      }
      guard id < rows else {
        throw CheckpointError(.tokenOutOfRange(id: id, rows: rows), path: tokenizer.path)
      }
      return id
    }
    for entry in entries {
      let id = try place(entry.value.integer, "model.vocab")
      tokens[id] = entry.key
      types[id] = .normal
    }
    for entry in tokenizer["added_tokens"]?.array ?? [] {
      let id = try place(entry["id"]?.integer, "added_tokens")
      guard let text = entry["content"]?.string else {
        throw tokenizer.bad("added_tokens", "texts as content", entry["content"])
      }
      let isControl = entry["special"]?.bool == true || Self.looksSpecial(text)
      tokens[id] = isControl ? text : text.replacing("\u{2581}", with: " ")
      types[id] = isControl ? .control : .userDefined
    }
    return (tokens.enumerated().map { $0.element ?? "[PAD\($0.offset)]" }, types)
  }

  /// Some checkpoints do not mark their special tokens.
  ///
  /// - Source: `does_token_look_special` in llama.cpp's conversion/base.py.
  private static func looksSpecial(_ text: String) -> Bool {
    ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].contains(text)
      || text.hasPrefix("<|") && text.hasSuffix("|>")
      || text.hasPrefix("<\u{FF5C}") && text.hasSuffix("\u{FF5C}>")
      || text.hasPrefix("<unused") && text.hasSuffix(">")
  }

  private func merges() throws -> [String] {
    guard let list = tokenizer["model"]?["merges"]?.array else {
      throw tokenizer.bad("model.merges", "a list", tokenizer["model"]?["merges"])
    }
    return try list.map { entry in
      if let text = entry.string { return text }
      guard let pair = entry.array?.compactMap(\.string), pair.count == 2 else {
        throw tokenizer.bad("model.merges", "a list of pairs", entry)
      }
      // A space inside a part would be taken for the one between; U+0120 is the byte alphabet's space.
      return pair.map { $0.replacing(" ", with: "\u{120}") }.joined(separator: " ")
    }
  }
}
