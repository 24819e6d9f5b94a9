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
  ///   - body: Receives text as it is made, never part of a character; returns whether to go on.
  public func generate(
    _ prompt: String, addSpecial: Bool = true, parseSpecial: Bool = false,
    sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    _ body: (String) throws -> Bool
  ) throws -> GenerationStatistics {
    let ids = tokenizer.encode(prompt, addSpecial: addSpecial, parseSpecial: parseSpecial)
    return try generate(ids, sampling: sampling, limit: limit, body)
  }

  /// Continues a text that is tokens already.
  public func generate(
    _ prompt: [Int32], sampling: SamplingParameters = SamplingParameters(), limit: Int? = nil,
    _ body: (String) throws -> Bool
  ) throws -> GenerationStatistics {
    var sampler = try Sampler(sampling)
    var decoder = tokenizer.makeDecoder()
    let statistics = try session.generate(
      prompt, sampler: &sampler, limit: limit, stopTokens: tokenizer.endOfGenerationIDs
    ) { token in
      let piece = decoder.decode(token)
      return piece.isEmpty ? true : try body(piece)
    }
    let rest = decoder.finish()
    if !rest.isEmpty, statistics.stopReason != .cancelled { _ = try body(rest) }
    return statistics
  }
}
