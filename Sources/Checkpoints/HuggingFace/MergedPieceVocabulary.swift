import GGUF
import Tokenizers

/// A `tokenizer.json` whose pieces are those of SentencePiece, put together by merges: characters with bytes for what is
/// unknown, as Llama 2, Mistral and Gemma have them.
///
/// A GGUF knows no merges of pieces, but scores: the piece of an earlier merge has a higher one, as in the model that
/// the merges were once made of.
///
/// - Source: `LlamaHfVocab` in gguf-py's vocab.py, which gives all pieces one score.
struct MergedPieceVocabulary: TokenizerVocabulary {
  private let tokenizer: JSONFile
  private let settings: JSONFile?
  private let rows: Int

  let hasPieces = true

  /// `nil` for a tokenizer of another family.
  init?(_ tokenizer: JSONFile, settings: JSONFile?, rows: Int) throws {
    let model = tokenizer["model"]
    guard model?["type"]?.string ?? "BPE" == "BPE", model?["byte_fallback"]?.bool == true else {
      return nil
    }
    self.tokenizer = tokenizer
    self.settings = settings
    self.rows = rows
  }

  func entries(warnings: inout [String]) throws -> [(key: String, value: GGUFValue)] {
    guard let members = tokenizer["model"]?["vocab"]?.object else {
      throw tokenizer.bad("model.vocab", "an object of token ids", tokenizer["model"]?["vocab"])
    }
    var table = PieceTable(rows: rows)
    let scores = try scores()
    let special = specialTexts
    for member in members {
      let id = try place(member.value.integer, "model.vocab")
      let isByte = member.key.utf8.count == 6 && Self.isByte(member.key)
      let kind: PieceTable.Kind =
        isByte ? .byte : special.contains(member.key) ? .control : .normal
      table.set(
        id, member.key, score: scores[Array(member.key.utf8)] ?? PieceTable.addedScore, kind)
    }
    for entry in tokenizer["added_tokens"]?.array ?? [] {
      let id = try place(entry["id"]?.integer, "added_tokens")
      guard let text = entry["content"]?.string else {
        throw tokenizer.bad("added_tokens", "texts as content", entry["content"])
      }
      let isControl = special.contains(text) || Self.looksSpecial(text)
      table.set(
        id, isControl ? text : text.replacing("\u{2581}", with: " "),
        isControl ? .control : .userDefined)
    }
    var entries = table.entries
    if let adds = addsSpacePrefix { entries.append(("add_space_prefix", .bool(adds))) }
    return entries
  }

  private func place(_ id: Int?, _ key: String) throws -> Int {
    guard let id, id >= 0 else {
      throw tokenizer.bad(key, "token ids from 0 on", id.map { .integer($0) })
    }
    guard id < rows else {
      throw CheckpointError(.tokenOutOfRange(id: id, rows: rows), path: tokenizer.path)
    }
    return id
  }

  private static func isByte(_ text: String) -> Bool {
    text.hasPrefix("<0x") && text.hasSuffix(">")
      && text.dropFirst(3).dropLast().allSatisfy(\.isHexDigit)
  }

  /// Minus the number of pieces that earlier merges make.
  private func scores() throws -> [[UInt8]: Float] {
    guard let list = tokenizer["model"]?["merges"]?.array else {
      throw tokenizer.bad("model.merges", "a list", tokenizer["model"]?["merges"])
    }
    // Texts that are canonically equivalent are different pieces.
    var scores: [[UInt8]: Float] = [:]
    scores.reserveCapacity(list.count)
    for entry in list {
      let halves =
        entry.string.map {
          $0.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        }
        ?? entry.array?.compactMap(\.string) ?? []
      guard halves.count == 2 else {
        throw tokenizer.bad("model.merges", "a list of pairs", entry)
      }
      let piece = Array(halves[0].utf8) + Array(halves[1].utf8)
      if scores[piece] == nil { scores[piece] = -Float(scores.count) }
    }
    return scores
  }

  /// Tokens that are marked as special, or have a role.
  private var specialTexts: Set<String> {
    var texts: Set<String> = []
    for entry in tokenizer["added_tokens"]?.array ?? [] where entry["special"]?.bool == true {
      if let text = entry["content"]?.string { texts.insert(text) }
    }
    for role in ["bos", "eos", "unk", "sep", "pad", "cls", "mask"] {
      let token = settings?[role + "_token"]
      if let text = token?.string ?? token?["content"]?.string { texts.insert(text) }
    }
    for token in settings?["additional_special_tokens"]?.array ?? [] {
      if let text = token.string ?? token["content"]?.string { texts.insert(text) }
    }
    return texts
  }

  /// Whether a text begins with a space that it does not have: what engines take for granted, so that only the opposite
  /// is stated.
  private var addsSpacePrefix: Bool? {
    let adds = Self.prepends(tokenizer["normalizer"]) || Self.prepends(tokenizer["pre_tokenizer"])
    return adds ? nil : false
  }

  private static func prepends(_ stage: JSONValue?) -> Bool {
    switch stage?["type"]?.string {
    case "Prepend": true
    case "Metaspace":
      stage?["prepend_scheme"]?.string.map { $0 != "never" }
        ?? stage?["add_prefix_space"]?.bool ?? true
    case "Sequence":
      (stage?["normalizers"]?.array ?? stage?["pretokenizers"]?.array ?? []).contains {
        prepends($0)
      }
    default: false
    }
  }
}
