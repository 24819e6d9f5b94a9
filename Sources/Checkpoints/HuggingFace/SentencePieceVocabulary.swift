import GGUF
import SystemPackage
import Tokenizers

/// A `tokenizer.model`, and the tokens that other files of the folder add to it.
///
/// - Source: `_create_vocab_sentencepiece` in llama.cpp's conversion/base.py, `Phi3MiniModel.set_vocab` in phi.py.
struct SentencePieceVocabulary: TokenizerVocabulary {
  private let model: SentencePieceFile
  private let tokenizer: JSONFile?
  private let settings: JSONFile?
  private let added: JSONFile?
  private let rules: PieceRules
  private let rows: Int

  let hasPieces = true

  /// `nil` where there is no such file, or one of another format beside a `tokenizer.json`.
  init?(
    folder: FilePath, tokenizer: JSONFile?, settings: JSONFile?, rules: PieceRules, rows: Int
  ) throws {
    let path = folder.appending("tokenizer.model")
    let isByteLevel = settings?["tokenizer_class"]?.string == "GPT2Tokenizer"
    guard tokenizer == nil || !isByteLevel, let bytes = try FileSystem.bytesIfPresent(path)
    else { return nil }
    do {
      model = try SentencePieceFile(bytes)
    } catch {
      // tiktoken files have that name, too.
      guard tokenizer == nil else { return nil }
      throw CheckpointError(.tokenizer(.malformedSentencePiece(error)), path: path)
    }
    guard model.algorithm == .bytePair else {
      throw CheckpointError(
        .unsupported(key: "trainer_spec.model_type", value: "\(model.algorithm)"), path: path)
    }
    added = try JSONFile.ifPresent(folder.appending("added_tokens.json"))
    self.tokenizer = tokenizer
    self.settings = settings
    self.rules = rules
    self.rows = rows
  }

  func entries(warnings: inout [String]) throws -> [(key: String, value: GGUFValue)] {
    var table = PieceTable(rows: rows)
    if model.count > rows {
      warnings.append(
        "tokenizer.model: pieces from \(rows) on have no row in the embedding and are left out")
    }
    for piece in model.pieces {
      let kind = PieceTable.Kind(rawValue: Int32(piece.kind)) ?? .normal
      // Found in the text as given, where spaces are still spaces.
      let text = kind == .userDefined ? Self.spaced(piece.text) : piece.text
      table.set(piece.id, text, score: piece.score, kind)
    }
    try addList(to: &table)
    try addSettings(to: &table)
    if rules.takesTokensAsTheyAre { try addTokenizer(to: &table) }
    return table.entries
  }

  private func addList(to table: inout PieceTable) throws {
    guard let added else { return }
    for entry in added.root.object ?? [] {
      guard let id = entry.value.integer, id >= 0 else {
        throw added.bad(entry.key, "a token id", entry.value)
      }
      table.set(id, entry.key, .userDefined)
    }
  }

  private func addSettings(to table: inout PieceTable) throws {
    let key = "added_tokens_decoder"
    guard let settings else { return }
    for entry in settings[key]?.object ?? [] {
      guard let id = Int(entry.key), id >= 0, let text = entry.value["content"]?.string else {
        throw settings.bad(key, "ids with content", entry.value)
      }
      add(id, text, isSpecial: entry.value["special"]?.bool ?? false, to: &table)
    }
  }

  private func addTokenizer(to table: inout PieceTable) throws {
    guard let tokenizer else { return }
    for entry in tokenizer["added_tokens"]?.array ?? [] {
      guard let id = entry["id"]?.integer, id >= 0, let text = entry["content"]?.string else {
        throw tokenizer.bad("added_tokens", "ids with content", entry)
      }
      add(id, text, isSpecial: entry["special"]?.bool ?? false, to: &table)
    }
  }

  private func add(_ id: Int, _ text: String, isSpecial: Bool, to table: inout PieceTable) {
    if rules.takesTokensAsTheyAre {
      table.set(id, text, isSpecial ? .control : .userDefined)
    } else if isSpecial || Self.looksSpecial(text) {
      table.set(id, text, .control)
    } else {
      table.set(id, Self.spaced(text), .userDefined)
    }
  }

  private static func spaced(_ text: String) -> String { text.replacing("\u{2581}", with: " ") }
}
