import MappedFiles
public import SystemPackage
public import Workers

/// Writes a model's logits of given tokens to a file, for comparison with other engines.
///
/// The file is little-endian single precision, `[token][vocabulary]`, without a header.
public struct LogitsDump {
  public let model: Model
  public let pool: WorkerPool
  /// Tokens that form one sequence; the next sequence starts with an empty cache.
  public var sequenceLength: Int
  /// Whether tokens are fed one by one, as when generating, and not as a prompt.
  public var oneByOne = false
  /// Elements of the cache; by default ``Model/preferredCacheType``.
  public var cacheType: CacheType?

  public init(_ model: Model, sequenceLength: Int, pool: WorkerPool) {
    self.model = model
    self.pool = pool
    self.sequenceLength = sequenceLength
  }

  /// - Throws: ``ModelError``, or `FileError` when the file cannot be written.
  public func write(_ tokens: [Int32], to path: FilePath, overwrite: Bool) throws {
    guard !tokens.isEmpty else { throw ModelError.emptyPrompt }
    let length = min(sequenceLength, tokens.count)
    let session = try Session(model, contextLength: length, cacheType: cacheType, pool: pool)
    let rowByteCount = model.dimensions.vocabularyCount * MemoryLayout<Float>.stride
    let writer = try AtomicFileWriter(
      path, byteCount: rowByteCount * tokens.count, overwrite: overwrite)
    for start in stride(from: 0, to: tokens.count, by: length) {
      session.truncate(to: 0)
      let sequence = tokens[start..<min(start + length, tokens.count)]
      var failure: FileError?
      let body = { (index: Int, logits: UnsafeBufferPointer<Float>) in
        guard failure == nil else { return }
        do throws(FileError) {
          try writer.write(UnsafeRawBufferPointer(logits), at: (start + index) * rowByteCount)
        } catch {
          failure = error
        }
      }
      if oneByOne {
        for (index, token) in sequence.enumerated() {
          try session.forwardEach(CollectionOfOne(token)) { body(index, $1) }
        }
      } else {
        try session.forwardEach(sequence, body)
      }
      if let failure { throw failure }
    }
    try model.file.checkUnchanged()
    try writer.commit()
  }
}
