import GGUF
import SystemPackage
import TestSupport

extension TinyModel {
  /// Writes a tiny model with a token for each letter and a template that spells every turn out.
  static func writeLetters(to folder: TemporaryFolder, contextLength: Int = 300) throws -> FilePath
  {
    var tiny = TinyModel()
    tiny.contextLength = contextLength
    let letters = (97...122).map { String(UnicodeScalar(UInt8($0))) }
    let capitals = letters.map { $0.uppercased() }
    let signs = (0...9).map(String.init) + [":", ".", ",", "!", "?", "-"]
    let tokens = ["<s>", "</s>", "<pad>"] + letters + capitals + signs
    tiny.vocabulary = tokens.count
    var metadata = tiny.metadata
    metadata["tokenizer.ggml.model"] = .string("gpt2")
    metadata["tokenizer.ggml.pre"] = .string("gpt-2")
    metadata["tokenizer.ggml.tokens"] = .array(.string(tokens))
    metadata["tokenizer.ggml.token_type"] = .array(
      .int32(tokens.indices.map { $0 < 3 ? 3 : 1 }))
    metadata["tokenizer.ggml.merges"] = .array(.string([]))
    metadata["tokenizer.ggml.eos_token_id"] = .uint32(1)
    metadata["tokenizer.chat_template"] = .string(
      """
      {% for message in messages %}<s>{{ message.role }}:{{ message.content }}{% endfor %}\
      {% if add_generation_prompt %}<s>assistant:{% endif %}
      """)
    // Tokens without an embedding are not chosen, so that every answer is letters.
    let model = tiny
    return try tiny.write(
      to: folder, metadata: metadata,
      values: { name, count in
        guard name == "token_embd.weight" else { return nil }
        let special = [Float](repeating: 0, count: 3 * model.width)
        return special + model.values(name, count: count).dropFirst(special.count)
      })
  }
}
