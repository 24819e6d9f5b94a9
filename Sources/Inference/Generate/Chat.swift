public import Tokenizers

/// A conversation: messages in, answers out, one context that grows.
///
/// Each turn renders the whole conversation with the model's chat template and feeds only what the
/// context does not hold yet.
public final class Chat {
  public let generator: Generator
  /// What was said so far, the last answer included.
  public private(set) var messages: [ChatMessage]
  private let template: ChatTemplate
  /// What the context holds.
  private var seen: [Int32] = []

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
  ///   - body: Receives text as it is made; returns whether to go on.
  /// - Throws: `ModelError` when the conversation no longer fits the context; the turn is then
  ///   forgotten.
  public func answer(
    to text: String, sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    constraint: (any TokenConstraint)? = nil, _ body: (String) throws -> Bool
  ) throws -> GenerationStatistics {
    let before = messages
    messages.append(ChatMessage(role: "user", content: text))
    do {
      let prompt = try ids()
      var answer = ""
      let statistics = try generate(prompt, sampling, limit, constraint) { piece in
        answer += piece
        return try body(piece)
      }
      messages.append(ChatMessage(role: "assistant", content: answer))
      return statistics
    } catch {
      messages = before
      forget(from: 0)
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

  private func generate(
    _ prompt: [Int32], _ sampling: SamplingParameters, _ limit: Int?,
    _ constraint: (any TokenConstraint)?, _ body: (String) throws -> Bool
  ) throws -> GenerationStatistics {
    // At least one token must be fed for there to be logits.
    let common = min(zip(seen, prompt).prefix { $0 == $1 }.count, prompt.count - 1)
    forget(from: max(0, common))
    let fresh = Array(prompt.dropFirst(seen.count))
    seen = prompt
    return try generator.generate(
      fresh, sampling: sampling, limit: limit, constraint: constraint
    ) { piece in
      try body(piece)
    }
  }

  private func forget(from count: Int) {
    generator.session.truncate(to: count)
    seen.removeLast(seen.count - count)
  }
}
