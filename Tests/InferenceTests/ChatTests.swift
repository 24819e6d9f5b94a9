import GGUF
import Inference
import SystemPackage
import TestSupport
import Testing
import Tokenizers

@Suite struct ChatTests {
  /// A tiny model with a token for each letter and a template that spells every turn out.
  private func generator(_ folder: TemporaryFolder, contextLength: Int? = nil) throws -> Generator {
    var tiny = TinyModel()
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
    let path = try tiny.write(
      to: folder, metadata: metadata,
      values: { name, count in
        guard name == "token_embd.weight" else { return nil }
        let special = [Float](repeating: 0, count: 3 * model.width)
        return special + model.values(name, count: count).dropFirst(special.count)
      })
    return try Generator(path: path, contextLength: contextLength)
  }

  private static let question = "howareyou"
  /// `<s>user:howareyou` and `<s>assistant:`
  private static let turn = 1 + 5 + 9
  private static let opening = 1 + 10

  @Test("Each turn sees only the tokens that are new, not the answer that it gave itself")
  func reuse() throws {
    let folder = try TemporaryFolder()
    let chat = try Chat(try generator(folder))
    var sampling = SamplingParameters()
    sampling.temperature = 0
    func answer() throws -> GenerationStatistics {
      try chat.answer(to: Self.question, sampling: sampling, limit: 6) { _ in true }
    }
    let first = try answer()
    #expect(first.promptTokenCount == Self.turn + Self.opening)
    for _ in 0..<3 {
      let before = try #require(chat.messages.last?.content.string)
      #expect(before.count == 6, "every token of '\(before)' is a letter")
      // The answer's last token was chosen but not yet seen.
      #expect(try answer().promptTokenCount == 1 + Self.turn + Self.opening)
    }
    let session = chat.generator.session
    #expect(session.position == 4 * (Self.turn + Self.opening) + 3 * 6 + 5)
  }

  @Test("A turn that failed leaves what earlier turns need")
  func failedTurn() throws {
    struct Stop: Error {}
    let folder = try TemporaryFolder()
    let chat = try Chat(try generator(folder))
    _ = try chat.answer(to: Self.question, limit: 1) { _ in true }
    let messages = chat.messages
    #expect(throws: Stop.self) { try chat.answer(to: "abc", limit: 5) { _ in throw Stop() } }
    #expect(chat.messages == messages)
    let statistics = try chat.answer(to: "xyz", limit: 1) { _ in true }
    // Of `…<s>user:abc<s>assistant:` all before `abc` is common.
    #expect(statistics.promptTokenCount == 3 + Self.opening)
  }

  @Test("A conversation that outgrows its context is refused and the turn forgotten")
  func outgrown() throws {
    let folder = try TemporaryFolder()
    let chat = try Chat(try generator(folder, contextLength: 40))
    _ = try chat.answer(to: Self.question, limit: 2) { _ in true }
    let messages = chat.messages
    #expect(
      throws: ModelError.contextFull(
        contextLength: 40, position: Self.turn + Self.opening + 1,
        tokenCount: 1 + Self.turn + Self.opening)
    ) {
      try chat.answer(to: Self.question, limit: 2) { _ in true }
    }
    #expect(chat.messages == messages)
  }
}
