import GGUF
import MappedFiles
import SystemPackage
import Tokenizers

extension Inspection {
  /// What a GGUF's metadata or a folder's `config.json` say of the model.
  public struct Outline: Sendable, Hashable {
    public var contextLength: Int?
    public var blockCount: Int?
    public var embeddingLength: Int?
    public var feedForwardLength: Int?
    public var headCount: Int?
    public var keyValueHeadCount: Int?
    public var vocabularyCount: Int?
    public var expertCount: Int?
    public var usedExpertCount: Int?

    var isEmpty: Bool { self == Outline() }
  }

  /// What turns text into tokens.
  public struct TokenizerFacts: Sendable, Hashable {
    /// `gpt2`, `llama`; `BPE` of a `tokenizer.json`; `tiktoken`.
    public var model: String?
    /// The rule that cuts text into words: `qwen2`.
    public var preTokenizer: String?
    public var tokenCount: Int?
    public var mergeCount: Int?
    /// By what they are for: `bos`, `eos`.
    public var specialTokens: [String: Int] = [:]
    public var chatTemplate: String?
  }
}

extension Inspection.Outline {
  init(_ metadata: GGUFMetadata) {
    let architecture = metadata.string("general.architecture") ?? ""
    func number(_ key: String) -> Int? {
      let key = "\(architecture).\(key)"
      // Some models have a number for each block.
      return metadata.integer(key) ?? metadata.integers(key)?.max()
    }
    contextLength = number("context_length")
    blockCount = number("block_count")
    embeddingLength = number("embedding_length")
    feedForwardLength = number("feed_forward_length")
    headCount = number("attention.head_count")
    keyValueHeadCount = number("attention.head_count_kv")
    vocabularyCount =
      number("vocab_size") ?? metadata.array("tokenizer.ggml.tokens")?.count
    expertCount = number("expert_count")
    usedExpertCount = number("expert_used_count")
  }

  /// - Parameter config: A `config.json`; models that see or hear keep the text's part inside.
  init(config: JSONValue) {
    let text = config["text_config"]
    func number(_ keys: String...) -> Int? {
      keys.lazy.compactMap { config[$0]?.integer ?? text?[$0]?.integer }.first
    }
    contextLength = number("max_position_embeddings", "n_positions", "n_ctx", "seq_length")
    blockCount = number("num_hidden_layers", "n_layer")
    embeddingLength = number("hidden_size", "n_embd")
    feedForwardLength = number("intermediate_size", "n_inner")
    headCount = number("num_attention_heads", "n_head")
    keyValueHeadCount = number("num_key_value_heads")
    vocabularyCount = number("vocab_size")
    expertCount = number("num_experts", "num_local_experts", "n_routed_experts")
    usedExpertCount = number("num_experts_per_tok")
  }
}

extension Inspection.TokenizerFacts {
  /// `nil` for a file without a tokenizer.
  init?(_ metadata: GGUFMetadata) {
    let prefix = "tokenizer.ggml."
    guard metadata.keys.contains(where: { $0.hasPrefix("tokenizer.") }) else { return nil }
    model = metadata.string(prefix + "model")
    preTokenizer = metadata.string(prefix + "pre")
    tokenCount = metadata.array(prefix + "tokens")?.count
    mergeCount = metadata.array(prefix + "merges")?.count
    chatTemplate = metadata.string("tokenizer.chat_template")
    let suffix = "_token_id"
    for key in metadata.keys where key.hasPrefix(prefix) && key.hasSuffix(suffix) {
      let name = String(key.dropFirst(prefix.count).dropLast(suffix.count))
      if let id = metadata.integer(key) { specialTokens[name] = id }
    }
  }

  /// `nil` for a folder without a tokenizer.
  init?(folder: FilePath) {
    func json(_ name: String) -> JSONValue? {
      ((try? FileSystem.bytesIfPresent(folder.appending(name))) ?? nil)
        .flatMap { try? JSONValue(parsing: $0) }
    }
    let tokenizer = json("tokenizer.json")
    let config = json("tokenizer_config.json")
    let template = (try? FileSystem.textIfPresent(folder.appending("chat_template.jinja"))) ?? nil
    let ranks = try? Tokenizer.tiktoken(in: folder, nil)
    guard tokenizer != nil || config != nil || template != nil || ranks != nil else { return nil }
    if let ranks {
      set(ranks: ranks)
      return
    }
    let added = tokenizer?["added_tokens"]?.array ?? []
    model = tokenizer?["model"]?["type"]?.string
    let vocabulary = tokenizer?["model"]?["vocab"]
    var ids = Set(added.compactMap { $0["id"]?.integer })
    ids.formUnion((vocabulary?.object ?? []).compactMap { $0.value.integer })
    tokenCount = ids.isEmpty ? vocabulary?.array?.count : ids.count
    mergeCount = tokenizer?["model"]?["merges"]?.array?.count
    chatTemplate = template ?? config?["chat_template"]?.string
    for name in ["bos", "eos", "pad", "unk"] {
      let token = config?["\(name)_token"]
      guard let text = token?.string ?? token?["content"]?.string else { continue }
      let found = added.first { $0["content"]?.string == text }?["id"]?.integer
      if let id = found ?? vocabulary?[text]?.integer { specialTokens[name] = id }
    }
  }
}

extension Inspection.TokenizerFacts {
  /// Of a tiktoken file and what is known of its encoding.
  private mutating func set(ranks: Tokenizer) {
    model = "tiktoken"
    tokenCount = ranks.vocabularyCount
    chatTemplate = ranks.chatTemplate
    for (name, id) in [("bos", ranks.bosID), ("eos", ranks.eosID)] {
      if let id { specialTokens[name] = Int(id) }
    }
  }
}

// MARK: - As --json prints it

extension Inspection.Outline: Encodable {
  private enum CodingKeys: String, CodingKey {
    case contextLength, blockCount, embeddingLength, feedForwardLength, headCount
    case keyValueHeadCount = "headCountKv"
    case vocabularyCount = "vocabSize"
    case expertCount
    case usedExpertCount = "expertUsedCount"
  }
}

extension Inspection.TokenizerFacts: Encodable {
  private enum CodingKeys: String, CodingKey {
    case model
    case preTokenizer = "pre"
    case tokenCount = "tokens"
    case mergeCount = "merges"
    case specialTokens, chatTemplate
  }
}
