public import Tokenizers

/// A conversation: messages in, answers out, one context that grows.
///
/// Each turn renders the whole conversation with the model's chat template and feeds only what the
/// session does not hold yet.
public final class Chat {
  public let generator: Generator
  /// What was said so far, the last answer included.
  public private(set) var messages: [ChatMessage]
  private let template: ChatTemplate

  /// - Parameter system: What the model is told before the first turn.
  /// - Throws: `TokenizerError.noChatTemplate`, or `ChatTemplateError` for one that cannot be read.
  public init(_ generator: Generator, system: String? = nil) throws {
    self.generator = generator
    template = try generator.tokenizer.makeChatTemplate()
    messages = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
  }

  /// Answers what the user says.
  ///
  /// - Parameters:
  ///   - limit: Most tokens of the answer.
  ///   - constraint: Decides which tokens of the answer may come next.
  ///   - interruption: Ends the answer from another thread; it stays in the conversation as far as it went.
  ///   - body: Receives text as it is made; returns whether to go on.
  /// - Throws: `ModelError` when the conversation no longer fits the context; the turn is then
  ///   forgotten.
  public func answer(
    to text: String, sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    constraint: (any TokenConstraint)? = nil, interruption: Interruption? = nil,
    _ body: (String) throws -> Bool
  ) throws -> GenerationStatistics {
    try answerPieces(
      to: text, sampling: sampling, limit: limit, constraint: constraint, interruption: interruption
    ) { try $0.text.isEmpty || body($0.text) }
  }

  /// The same, with every token.
  func answerPieces(
    to text: String, sampling: SamplingParameters, limit: Int?,
    constraint: (any TokenConstraint)?, interruption: Interruption?,
    _ body: (GeneratedPiece) throws -> Bool
  ) throws -> GenerationStatistics {
    let before = messages
    messages.append(ChatMessage(role: "user", content: text))
    do {
      let prompt = try ids()
      var answer = ""
      let kept = generator.session.reuse(prefixOf: prompt)
      let fresh = Array(prompt.dropFirst(kept))
      let statistics = try generator.pieces(
        fresh, sampling: sampling, limit: limit, constraint: constraint, interruption: interruption
      ) { piece in
        answer += piece.text
        return try body(piece)
      }
      messages.append(ChatMessage(role: "assistant", content: answer))
      return statistics
    } catch {
      messages = before
      throw error
    }
  }

  /// The tokens of the conversation, ready for an answer.
  private func ids() throws -> [Int32] {
    let tokenizer = generator.tokenizer
    let prompt = try template.render(
      messages: messages, addGenerationPrompt: true, variables: tokenizer.templateVariables)
    // The template spells out the special tokens that it wants.
    return tokenizer.encode(prompt, addSpecial: false, parseSpecial: true)
  }
}
