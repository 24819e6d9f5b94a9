import GGUF
import TensorCore
import Tokenizers

/// A byte-level `tokenizer.json`.
///
/// - Source: `_set_vocab_gpt2` in llama.cpp's conversion/base.py.
struct BytePairVocabulary: TokenizerVocabulary {
  private let architecture: Architecture
  private let tokenizer: JSONFile
  private let rows: Int

  let hasPieces = false

  init(_ tokenizer: JSONFile, architecture: Architecture, rows: Int) throws {
    let model = tokenizer["model"]
    guard model?["type"]?.string ?? "BPE" == "BPE" else {
      throw CheckpointError(
        .unsupported(key: "model.type", value: model?["type"]?.brief ?? ""), path: tokenizer.path)
    }
    self.tokenizer = tokenizer
    self.architecture = architecture
    self.rows = rows
  }

  func entries(warnings: inout [String]) throws -> [(key: String, value: GGUFValue)] {
    let pre = preTokenizer(&warnings)
    let (tokens, types) = try vocabulary()
    return [
      ("model", .string("gpt2")), ("pre", .string(pre)), ("tokens", .array(.string(tokens))),
      ("token_type", .array(.int32(types.map(\.rawValue)))),
      ("merges", .array(.string(try merges()))),
    ]
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

  private func vocabulary() throws -> ([String], [TokenizerMetadata.TokenType]) {
    guard let entries = tokenizer["model"]?["vocab"]?.object else {
      throw tokenizer.bad("model.vocab", "an object of token ids", tokenizer["model"]?["vocab"])
    }
    var tokens = [String?](repeating: nil, count: rows)
    var types = [TokenizerMetadata.TokenType](repeating: .unused, count: rows)
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
