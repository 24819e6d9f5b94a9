import GGUF
import SystemPackage
import TensorCore
import Tokenizers

/// The tokenizer of a Hugging Face folder as GGUF metadata.
///
/// - Source: `LlamaModel.set_vocab` and the like in llama.cpp's conversion folder, and `SpecialVocab` in gguf-py's
///   vocab.py (gguf 0.19).
struct TokenizerMetadata {
  /// Numbers of `tokenizer.ggml.token_type`.
  enum TokenType: Int32 {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  private let architecture: Architecture
  private let vocabulary: any TokenizerVocabulary
  private let tokenizer: JSONFile?
  private let settings: JSONFile?
  private let config: JSONFile
  private let template: ChatTemplates
  /// Rows of the embedding: the tokens that the GGUF lists.
  private let rows: Int

  /// - Throws: ``CheckpointError`` when there is no tokenizer or one of another family.
  init(folder: FilePath, config: JSONFile, architecture: Architecture, rows: Int) throws {
    tokenizer = try JSONFile.ifPresent(folder.appending("tokenizer.json"))
    settings = try JSONFile.ifPresent(folder.appending("tokenizer_config.json"))
    template = try ChatTemplates(folder: folder, settings: settings)
    self.config = config
    self.architecture = architecture
    self.rows = rows
    if let model = try SentencePieceVocabulary(
      folder: folder, tokenizer: tokenizer, settings: settings, rules: architecture.pieces,
      rows: rows)
    {
      vocabulary = model
    } else if let tokenizer {
      vocabulary =
        try MergedPieceVocabulary(tokenizer, settings: settings, rows: rows)
        ?? BytePairVocabulary(tokenizer, architecture: architecture, rows: rows)
    } else {
      throw CheckpointError(.noTokenizer, path: folder)
    }
  }

  func append(to metadata: inout GGUFMetadata, warnings: inout [String]) throws {
    func set(_ key: String, _ value: GGUFValue) { metadata["tokenizer.ggml.\(key)"] = value }

    if architecture.statesPrefixSpace, let adds = try settings?.bool("add_prefix_space") {
      set("add_space_prefix", .bool(adds))
    }
    for (key, value) in try vocabulary.entries(warnings: &warnings) { set(key, value) }
    var special = try SpecialTokens(tokenizer: tokenizer, settings: settings, config: config)
    if let tokenizer {
      for (role, token) in architecture.roles { special.set(role, toAdded: token, in: tokenizer) }
    }
    for (key, id) in special.ids where !vocabulary.hasPieces || id < rows {
      set(key, .uint32(id))
    }
    for (key, adds) in special.adds { set(key, .bool(adds)) }
    template.append(to: &metadata)
    if vocabulary.hasPieces { appendPieceRules(to: &metadata) }
    // SmolLM and Granite Code declare a beginning that they were never trained with.
    if architecture.statesPrefixSpace, rows == 49_152 { set("add_bos_token", .bool(false)) }
  }
}

extension TokenizerMetadata {
  /// What some architectures state of their pieces, last.
  private func appendPieceRules(to metadata: inout GGUFMetadata) {
    // Code Llama has as many tokens, and is known by that.
    let isCodeLlama = architecture.statesPrefixSpace && rows == 32_016
    let key = "tokenizer.ggml.eot_token_id"
    if let end = isCodeLlama ? 32_010 : architecture.pieces.endOfTurn, end < rows,
      !metadata.contains(key)
    {
      metadata[key] = .uint32(UInt32(end))
    }
    if let adds = architecture.pieces.addsSpacePrefix {
      metadata["tokenizer.ggml.add_space_prefix"] = .bool(adds)
    }
  }
}

/// A family of vocabularies, each in the keys of a GGUF.
protocol TokenizerVocabulary: Sendable {
  /// Whether tokens are pieces of SentencePiece, with U+2581 for a space.
  var hasPieces: Bool { get }

  /// The keys after `tokenizer.ggml.` from `model` on, in their order.
  func entries(warnings: inout [String]) throws -> [(key: String, value: GGUFValue)]
}

extension TokenizerVocabulary {
  /// Some checkpoints do not mark their special tokens.
  ///
  /// - Source: `does_token_look_special` in llama.cpp's conversion/base.py.
  static func looksSpecial(_ text: String) -> Bool {
    ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].contains(text)
      || text.hasPrefix("<|") && text.hasSuffix("|>")
      || text.hasPrefix("<\u{FF5C}") && text.hasSuffix("\u{FF5C}>")
      || text.hasPrefix("<unused") && text.hasSuffix(">")
  }
}
