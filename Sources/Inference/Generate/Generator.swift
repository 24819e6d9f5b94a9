public import GGUF
public import SystemPackage
public import Tokenizers
public import Workers

/// Text in, text out: a model, its tokenizer and a session.
///
/// ```swift
/// let generator = try Generator(path: "model.gguf")
/// let statistics = try generator.generate("Once upon a time", limit: 64) { piece in
///   print(piece, terminator: "")
///   return true
/// }
/// ```
public final class Generator {
  public let tokenizer: Tokenizer
  public let session: Session

  public init(_ session: Session, tokenizer: Tokenizer) {
    self.session = session
    self.tokenizer = tokenizer
  }

  /// Maps the file at `path`, and the others of its set, and loads model and tokenizer.
  ///
  /// - Throws: `GGUFError`, `FileError`, `TokenizerError` or ``ModelError``.
  public convenience init(
    path: FilePath, contextLength: Int? = nil, cacheType: CacheType? = nil,
    pool: WorkerPool = WorkerPool()
  ) throws {
    try self.init(
      file: try GGUFSet(path), contextLength: contextLength, cacheType: cacheType, pool: pool)
  }

  public convenience init(
    file: GGUFSet, contextLength: Int? = nil, cacheType: CacheType? = nil,
    pool: WorkerPool = WorkerPool()
  ) throws {
    let session = try Session(
      Model(file), contextLength: contextLength, cacheType: cacheType, pool: pool)
    self.init(session, tokenizer: try Tokenizer(metadata: file.metadata))
  }

  /// Continues a text.
  ///
  /// - Parameters:
  ///   - parseSpecial: Whether spellings of special tokens in the prompt mean those tokens, as in a
  ///     rendered chat template.
  ///   - constraint: Decides which tokens may come next, as a ``GrammarConstraint`` does.
  ///   - body: Receives text as it is made, never part of a character; returns whether to go on.
  public func generate(
    _ prompt: String, addSpecial: Bool = true, parseSpecial: Bool = false,
    sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    constraint: (any TokenConstraint)? = nil, _ body: (String) throws -> Bool
  ) throws -> GenerationStatistics {
    let ids = tokenizer.encode(prompt, addSpecial: addSpecial, parseSpecial: parseSpecial)
    return try generate(ids, sampling: sampling, limit: limit, constraint: constraint, body)
  }

  /// Continues a text that is tokens already.
  public func generate(
    _ prompt: [Int32], sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    constraint: (any TokenConstraint)? = nil, _ body: (String) throws -> Bool
  ) throws -> GenerationStatistics {
    var sampler = try makeSampler(sampling)
    var decoder = tokenizer.makeDecoder()
    var stop = StopText(sampling.stopStrings)
    var wantsMore = true
    func hand(_ text: String) throws {
      if wantsMore, !text.isEmpty { wantsMore = try body(text) }
    }
    var statistics = try session.generate(
      prompt, sampler: &sampler, limit: limit, stopTokens: tokenizer.endOfGenerationIDs,
      constraint: constraint
    ) { token in
      try hand(stop.take(decoder.decode(token)))
      return wantsMore && !stop.isStopped
    }
    try hand(stop.take(decoder.finish()))
    try hand(stop.finish())
    if wantsMore, stop.isStopped { statistics.stopReason = .stopString }
    return statistics
  }

  /// - Throws: ``ModelError/badSampling(parameter:found:expected:)``, also for a token that the
  ///   vocabulary lacks.
  private func makeSampler(_ sampling: SamplingParameters) throws(ModelError) -> Sampler {
    let count = session.model.dimensions.vocabularyCount
    for bias in sampling.logitBias where bias.token >= count {
      throw .badSampling(
        parameter: "logit-bias", found: "\(bias.token)", expected: "a token id below \(count)")
    }
    guard sampling.dry.multiplier > 0 else { return try Sampler(sampling) }
    return try Sampler(
      sampling, breakers: SequenceBreakers(sampling.dry.sequenceBreakers, tokenizer: tokenizer))
  }
}
