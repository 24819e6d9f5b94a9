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
  /// What chose the last text: its memory serves the next one.
  private var lastSampler: Sampler?

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
    let model = try Model(file)
    model.prefetch()
    let session = try Session(
      model, contextLength: contextLength, cacheType: cacheType, pool: pool)
    self.init(session, tokenizer: try Tokenizer(metadata: file.metadata))
  }

  /// Continues a text.
  ///
  /// - Parameters:
  ///   - parseSpecial: Whether spellings of special tokens in the prompt mean those tokens, as in a
  ///     rendered chat template.
  ///   - constraint: Decides which tokens may come next, as a ``GrammarConstraint`` does.
  ///   - interruption: Ends it from another thread.
  ///   - body: Receives text as it is made, never part of a character; returns whether to go on.
  public func generate(
    _ prompt: String, addSpecial: Bool = true, parseSpecial: Bool = false,
    sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    constraint: (any TokenConstraint)? = nil, interruption: Interruption? = nil,
    _ body: (String) throws -> Bool
  ) throws -> GenerationStatistics {
    let ids = tokenizer.encode(prompt, addSpecial: addSpecial, parseSpecial: parseSpecial)
    return try generate(
      ids, sampling: sampling, limit: limit, constraint: constraint, interruption: interruption,
      body)
  }

  /// Continues a text that is tokens already.
  public func generate(
    _ prompt: [Int32], sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    constraint: (any TokenConstraint)? = nil, interruption: Interruption? = nil,
    _ body: (String) throws -> Bool
  ) throws -> GenerationStatistics {
    try pieces(
      prompt, sampling: sampling, limit: limit, constraint: constraint, interruption: interruption
    ) { try $0.text.isEmpty || body($0.text) }
  }

  /// The same, with every token, and text that is held back until the end in a piece of its own.
  func pieces(
    _ prompt: [Int32], sampling: SamplingParameters, limit: Int?,
    constraint: (any TokenConstraint)?, interruption: Interruption?,
    _ body: (GeneratedPiece) throws -> Bool
  ) throws -> GenerationStatistics {
    var sampler = try takeSampler(sampling)
    defer { lastSampler = sampler }
    var decoder = tokenizer.makeDecoder()
    var stop = StopText(sampling.stopStrings)
    var wantsMore = true
    var statistics = try session.generate(
      prompt, sampler: &sampler, limit: limit, stopTokens: tokenizer.endOfGenerationIDs,
      constraint: constraint, interruption: interruption
    ) { token in
      wantsMore = try body(GeneratedPiece(token: token, text: stop.take(decoder.decode(token))))
      return wantsMore && !stop.isStopped
    }
    let rest = stop.take(decoder.finish()) + stop.finish()
    if wantsMore, !rest.isEmpty { wantsMore = try body(GeneratedPiece(token: nil, text: rest)) }
    if wantsMore, stop.isStopped { statistics.stopReason = .stopString }
    return statistics
  }

  /// The same, with the statistics in a last piece.
  func stream(
    _ prompt: [Int32], sampling: SamplingParameters, limit: Int?,
    constraint: (any TokenConstraint)?, interruption: Interruption,
    _ body: (GeneratedPiece) -> Bool
  ) throws {
    let statistics = try pieces(
      prompt, sampling: sampling, limit: limit, constraint: constraint,
      interruption: interruption, body)
    _ = body(GeneratedPiece(token: nil, text: "", statistics: statistics))
  }

  /// A sampler as new, with the memory of the last one if it is of the same kind.
  private func takeSampler(_ sampling: SamplingParameters) throws(ModelError) -> Sampler {
    guard var sampler = lastSampler.take(), sampler.parameters == sampling else {
      return try makeSampler(sampling)
    }
    sampler.restart()
    return sampler
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
