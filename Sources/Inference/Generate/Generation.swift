/// What was generated and how fast.
public struct GenerationStatistics: Sendable, Hashable {
  /// Why no further token was chosen.
  public enum StopReason: Sendable, Hashable {
    /// The model gave an end-of-generation token.
    case endOfGeneration
    /// As many tokens as were asked for.
    case tokenLimit
    /// The context has no room for another.
    case contextEnd
    /// A stop string came.
    case stopString
    /// The caller wanted no more.
    case cancelled
  }

  /// Tokens of the prompt that the model had to see.
  public var promptTokenCount = 0
  /// Tokens chosen, an end-of-generation token included.
  public var newTokenCount = 0
  /// From the call to the logits of the first new token.
  public var promptSeconds = 0.0
  /// From the first new token to the last.
  public var generationSeconds = 0.0
  public var stopReason = StopReason.tokenLimit

  /// The first token is chosen at once when its logits are there.
  public var secondsToFirstToken: Double { promptSeconds }

  /// 0 where no prompt was seen.
  public var promptTokensPerSecond: Double {
    promptSeconds > 0 ? Double(promptTokenCount) / promptSeconds : 0
  }

  /// The first token comes with the prompt and is not counted.
  public var tokensPerSecond: Double {
    generationSeconds > 0 ? Double(newTokenCount - 1) / generationSeconds : 0
  }
}

extension Session {
  /// Lets the model see `prompt`, then chooses tokens until something stops it.
  ///
  /// - Parameters:
  ///   - limit: Most tokens to choose; by default as many as the context has room for.
  ///   - stopTokens: Tokens that end the generation; they are not handed to `body`.
  ///   - constraint: Decides which tokens may come next, from the first new one on.
  ///   - interruption: Ends it from another thread.
  ///   - body: Receives each token and returns whether to go on.
  /// - Throws: ``ModelError``, or `FileError` when the file shrank, changed or could not be read.
  public func generate(
    _ prompt: [Int32], sampler: inout Sampler, limit: Int? = nil, stopTokens: Set<Int32> = [],
    constraint: (any TokenConstraint)? = nil, interruption: Interruption? = nil,
    _ body: (Int32) throws -> Bool
  ) throws -> GenerationStatistics {
    var statistics = GenerationStatistics()
    statistics.promptTokenCount = prompt.count
    let clock = ContinuousClock()
    let start = clock.now
    // Penalties see the whole sequence, whatever of it the cache held already.
    for token in history { sampler.accept(token) }
    for token in prompt { sampler.accept(token) }
    constraint?.restart()
    let seen = position
    var logits: UnsafeMutableBufferPointer<Float>
    do {
      logits = try forwardUnchanged(prompt, interruption)
    } catch ModelError.interrupted {
      statistics.promptTokenCount = position - seen
      statistics.promptSeconds = (clock.now - start).seconds
      statistics.stopReason = .cancelled
      return statistics
    }
    let limit = limit ?? .max
    guard limit > 0 else {
      statistics.promptSeconds = (clock.now - start).seconds
      return statistics
    }
    let first = clock.now
    statistics.promptSeconds = (first - start).seconds
    while true {
      if let interruption, interruption.isInterrupted {
        statistics.stopReason = .cancelled
        break
      }
      guard try constraint?.forbid(in: logits) ?? true else {
        statistics.stopReason = .endOfGeneration
        break
      }
      let token = sampler.sample(logits)
      statistics.newTokenCount += 1
      statistics.generationSeconds = (clock.now - first).seconds
      if stopTokens.contains(token) {
        statistics.stopReason = .endOfGeneration
        break
      }
      guard try body(token) else {
        statistics.stopReason = .cancelled
        break
      }
      if statistics.newTokenCount == limit { break }
      guard position < contextLength else {
        statistics.stopReason = .contextEnd
        break
      }
      sampler.accept(token)
      try constraint?.accept(token)
      logits = try forwardUnchanged(CollectionOfOne(token), nil)
    }
    return statistics
  }

  /// Logits of the last token, computed with the weights as they were when the file was opened.
  private func forwardUnchanged(
    _ tokens: some Collection<Int32>, _ interruption: Interruption?
  ) throws -> UnsafeMutableBufferPointer<Float> {
    let logits = Result { try forward(tokens, interruption: interruption) }
    try model.file.checkUnchanged()
    return try logits.get()
  }
}

extension Duration {
  var seconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
