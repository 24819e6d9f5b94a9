import Synchronization
public import Tokenizers

/// A generator for concurrent programs: its text comes as an asynchronous sequence.
///
/// ```swift
/// let generator = AsyncGenerator(try Generator(path: "model.gguf"))
/// for try await piece in generator.generate("Once upon a time", limit: 64) {
///   print(piece.text, terminator: "")
/// }
/// ```
///
/// It has one session, so that one text is generated at a time: a second one waits for the first. Several
/// generators share a model and a pool and run side by side.
public final class AsyncGenerator: Sendable {
  public let tokenizer: Tokenizer
  private let generator: Mutex<Generator>

  public init(_ generator: sending Generator) {
    tokenizer = generator.tokenizer
    self.generator = Mutex(generator)
  }

  /// Continues a text.
  ///
  /// - Parameters:
  ///   - parseSpecial: Whether spellings of special tokens in the prompt mean those tokens.
  ///   - constraint: Makes what decides which tokens may come next, as a ``GrammarConstraint`` does.
  public func generate(
    _ prompt: String, addSpecial: Bool = true, parseSpecial: Bool = false,
    sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    constraint: (@Sendable (Tokenizer) throws -> any TokenConstraint)? = nil
  ) -> TextStream {
    generate(
      tokenizer.encode(prompt, addSpecial: addSpecial, parseSpecial: parseSpecial),
      sampling: sampling, limit: limit, constraint: constraint)
  }

  /// Continues a text that is tokens already. The session forgets what it saw before.
  public func generate(
    _ prompt: [Int32], sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    constraint: (@Sendable (Tokenizer) throws -> any TokenConstraint)? = nil
  ) -> TextStream {
    TextStream { interruption, body in
      try self.generator.withLock { generator in
        generator.session.truncate(to: 0)
        try generator.stream(
          prompt, sampling: sampling, limit: limit,
          constraint: try constraint?(generator.tokenizer), interruption: interruption, body)
      }
    }
  }
}

/// A chat for concurrent programs: its answers come as asynchronous sequences.
///
/// An answer whose reader stops early stays in the conversation as far as it went.
public final class AsyncChat: Sendable {
  private let chat: Mutex<Chat>
  private let said: Mutex<[ChatMessage]>

  public init(_ chat: sending Chat) {
    said = Mutex(chat.messages)
    self.chat = Mutex(chat)
  }

  /// What was said so far, without an answer that is being made.
  public var messages: [ChatMessage] { said.withLock { $0 } }

  /// Answers what the user says; the turn begins when someone reads.
  public func answer(
    to text: String, sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    constraint: (@Sendable (Tokenizer) throws -> any TokenConstraint)? = nil
  ) -> TextStream {
    TextStream { interruption, body in
      try self.chat.withLock { chat in
        let tokenizer = chat.generator.tokenizer
        let statistics = try chat.answerPieces(
          to: text, sampling: sampling, limit: limit, constraint: try constraint?(tokenizer),
          interruption: interruption, body)
        let messages = chat.messages
        self.said.withLock { $0 = messages }
        _ = body(GeneratedPiece(token: nil, text: "", statistics: statistics))
      }
    }
  }
}
