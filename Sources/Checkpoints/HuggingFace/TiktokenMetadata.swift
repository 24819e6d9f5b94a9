import GGUF
import SystemPackage
import Tokenizers

/// The tokenizer of a Hugging Face folder as GGUF metadata, where the vocabulary is a tiktoken file.
///
/// - Source: `_set_vocab_qwen` in llama.cpp's conversion/base.py, with the special tokens of the model's code.
struct TiktokenMetadata {
  private let path: FilePath
  private let encoding: TiktokenEncoding
  private let ranks: TiktokenRanks
  private let settings: JSONFile?
  private let config: JSONFile
  private let template: ChatTemplates
  /// Rows of the embedding: the tokens that the GGUF lists.
  private let rows: Int

  /// - Returns: `nil` where the folder holds no such file.
  /// - Throws: ``CheckpointError`` when it is malformed.
  init?(folder: FilePath, config: JSONFile, encoding: TiktokenEncoding, rows: Int) throws {
    path = folder.appending("\(encoding.name).tiktoken")
    guard let bytes = try FileSystem.bytesIfPresent(path) else { return nil }
    do { ranks = try TiktokenRanks(parsing: bytes) } catch {
      throw CheckpointError(.tokenizer(error), path: path)
    }
    self.encoding = encoding
    self.config = config
    self.rows = rows
    settings = try JSONFile.ifPresent(folder.appending("tokenizer_config.json"))
    var template = try ChatTemplates(folder: folder, settings: settings)
    if template.isEmpty { template.standard = try QwenChat.template(of: folder) }
    self.template = template
  }

  func append(to metadata: inout GGUFMetadata, warnings: inout [String]) throws {
    func set(_ key: String, _ value: GGUFValue) { metadata["tokenizer.ggml.\(key)"] = value }

    set("model", .string("gpt2"))
    set("pre", .string(encoding.preTokenizer ?? "default"))
    let special = encoding.specialTokens(beside: ranks, below: rows)
    let (tokens, types) = try vocabulary(special)
    set("tokens", .array(.string(tokens)))
    set("token_type", .array(.int32(types.map(\.rawValue))))
    let (merges, unmade) = ranks.merges()
    if !unmade.isEmpty {
      warnings.append(
        "\(path.lastComponent?.string ?? ""): no merge makes \(unmade.count) of the tokens, the first of "
          + "them \(unmade[0]); readers of a GGUF will not use them")
    }
    set("merges", .array(.string(merges)))
    var roles = try SpecialTokens(tokenizer: nil, settings: settings, config: config)
    let end = special.first { $0.text == encoding.endText }?.id
    if roles.ids.isEmpty {
      for role in ["bos", "eos"] { roles.set(role, to: end) }
    }
    roles.set("unk", to: end)
    for (key, id) in roles.ids { set(key, .uint32(id)) }
    for (key, adds) in roles.adds { set(key, .bool(adds)) }
    template.append(to: &metadata)
  }

  private func vocabulary(
    _ special: [(id: Int, text: String)]
  ) throws -> ([String], [TokenizerMetadata.TokenType]) {
    guard ranks.count <= rows else {
      throw CheckpointError(.tokenOutOfRange(id: ranks.count - 1, rows: rows), path: path)
    }
    var tokens: [String] = []
    var types: [TokenizerMetadata.TokenType] = []
    let control = Dictionary(uniqueKeysWithValues: special.map { ($0.id, $0.text) })
    for id in 0..<rows {
      let text = ranks.text(of: id)
      tokens.append(text ?? control[id] ?? "[PAD\(id)]")
      types.append(text != nil ? .normal : control[id] != nil ? .control : .unused)
    }
    return (tokens, types)
  }
}

/// How the chat models of the original Qwen are talked to: their code makes the prompt, and
/// `generation_config.json` tells them from the base models.
enum QwenChat {
  /// ChatML with the system prompt that the code has when nobody gives another.
  static let template =
    "{% for message in messages %}"
    + "{% if loop.first and message['role'] != 'system' %}"
    + "{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}"
    + "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

  /// The template of a folder that asks for ChatML.
  static func template(of folder: FilePath) throws -> String? {
    let generation = try JSONFile.ifPresent(folder.appending("generation_config.json"))
    return generation?["chat_format"]?.string == "chatml" ? template : nil
  }

  static func format(of metadata: GGUFMetadata) -> String {
    metadata.string("tokenizer.chat_template") == template ? "chatml" : "raw"
  }
}
