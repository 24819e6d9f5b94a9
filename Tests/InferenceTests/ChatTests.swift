import Inference
import TestSupport
import Testing

@Suite struct ChatTests {
  private func generator(_ folder: TemporaryFolder, contextLength: Int? = nil) throws -> Generator {
    try Generator(path: try TinyModel.writeLetters(to: folder), contextLength: contextLength)
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
