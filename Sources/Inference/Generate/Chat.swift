public import Tokenizers

/// A conversation: messages in, answers out, one context that grows.
///
/// Each turn renders the conversation with the model's chat template and feeds only what the session does not hold
/// yet.
public final class Chat {
  /// What happens when a conversation no longer fits the context.
  public enum Overflow: Sendable, Hashable {
    /// The turn is refused and forgotten.
    case refuse
    /// The model no longer sees the oldest turns. The system's message stays.
    ///
    /// So many go that half the context is free: what remains must be read again, and not in every turn.
    case forgetOldest
  }

  public let generator: Generator
  /// What was said so far, the last answer included.
  public private(set) var messages: [ChatMessage]
  /// How many of ``messages``, the system's not counted, are no longer shown to the model.
  public private(set) var forgottenCount = 0
  /// The tokens of the last turn, from the start of the context to where the answer begins.
  public private(set) var prompt: [Int32] = []
  /// The text of ``prompt``.
  public var promptText: String { generator.tokenizer.decode(prompt, skipSpecial: false) }
  /// What the template is told besides, as `enable_thinking`.
  public var variables: [String: JSONValue] = [:]
  private let overflow: Overflow
  private let template: ChatTemplate

  /// - Parameter system: What the model is told before the first turn.
  /// - Throws: `TokenizerError.noChatTemplate`, or `ChatTemplateError` for one that cannot be read.
  public init(_ generator: Generator, system: String? = nil, overflow: Overflow = .refuse) throws {
    self.generator = generator
    self.overflow = overflow
    template = try generator.tokenizer.makeChatTemplate()
    messages = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
  }

  // MARK: The conversation

  /// What the model is told before the first turn; a change counts from the next turn on.
  public var system: ChatMessage? {
    get { messages.first.flatMap { $0.role == "system" ? $0 : nil } }
    set { messages.replaceSubrange(..<(system == nil ? 0 : 1), with: newValue.map { [$0] } ?? []) }
  }

  /// Begins anew with these messages.
  public func restart(with messages: [ChatMessage]) {
    self.messages = messages
    forgottenCount = 0
  }

  /// Takes the last question and what followed it out of the conversation.
  ///
  /// - Returns: The question; `nil` when there was none.
  public func takeBack() -> ChatMessage? {
    guard let last = messages.lastIndex(where: { $0.role == "user" }) else { return nil }
    let question = messages[last]
    messages.removeSubrange(last...)
    forgottenCount = min(forgottenCount, messages.count - systemCount)
    return question
  }

  private var systemCount: Int { system == nil ? 0 : 1 }

  // MARK: Answers

  /// Answers what the user says.
  ///
  /// - Parameters:
  ///   - limit: Most tokens of the answer.
  ///   - constraint: Decides which tokens of the answer may come next.
  ///   - interruption: Ends the answer from another thread; it stays in the conversation as far as it went.
  ///     A turn that had no answer yet is forgotten.
  ///   - body: Receives text as it is made; returns whether to go on.
  /// - Throws: `ModelError` when the conversation does not fit the context; the turn is then forgotten.
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
    let before = (messages, forgottenCount)
    messages.append(ChatMessage(role: "user", content: text))
    do {
      prompt = try makePrompt(answerLimit: limit)
      var answer = ""
      let kept = generator.session.reuse(prefixOf: prompt)
      let fresh = Array(prompt.dropFirst(kept))
      let statistics = try generator.pieces(
        fresh, sampling: sampling, limit: limit, constraint: constraint, interruption: interruption
      ) { piece in
        answer += piece.text
        return try body(piece)
      }
      if statistics.stopReason == .cancelled, statistics.newTokenCount == 0 {
        (messages, forgottenCount) = before
      } else {
        messages.append(ChatMessage(answer: answer))
      }
      return statistics
    } catch {
      (messages, forgottenCount) = before
      throw error
    }
  }

  /// The tokens of what is shown of the conversation, ready for an answer.
  private func makePrompt(answerLimit: Int?) throws -> [Int32] {
    var ids = try ids()
    guard overflow == .forgetOldest else { return ids }
    let length = generator.session.contextLength
    // An eighth is what an answer should have at least.
    guard ids.count > length - min(answerLimit ?? .max, length / 8) else { return ids }
    while ids.count > length / 2, forgetTurn() { ids = try self.ids() }
    return ids
  }

  /// Shows the model one turn less: what was said from a user's message on to the next one's.
  ///
  /// - Returns: Whether there was more than the last turn.
  private func forgetTurn() -> Bool {
    let first = systemCount + forgottenCount
    guard let next = messages.dropFirst(first + 1).firstIndex(where: { $0.role == "user" }) else {
      return false
    }
    forgottenCount = next - systemCount
    return true
  }

  private func ids() throws -> [Int32] {
    let tokenizer = generator.tokenizer
    let shown = messages.prefix(systemCount) + messages.dropFirst(systemCount + forgottenCount)
    let prompt = try template.render(
      messages: Array(shown), addGenerationPrompt: true,
      variables: tokenizer.templateVariables.merging(variables) { $1 })
    // The template spells out the special tokens that it wants.
    return tokenizer.encode(prompt, addSpecial: false, parseSpecial: true)
  }
}
