internal import CKernels
internal import Kernels
public import Workers

/// One sequence of tokens and what the model remembers of it.
///
/// ```swift
/// let model = try Model(path: "model.gguf")
/// let session = try Session(model)
/// let logits = try session.forward([1, 2, 3], allLogits: false)
/// ```
///
/// A session belongs to one task at a time; several sessions may share a model and a pool.
public final class Session {
  public let model: Model
  public let pool: WorkerPool
  /// Positions that the cache has room for.
  public let contextLength: Int
  /// Tokens that the model has seen: those whose keys and values the cache holds.
  public private(set) var history: [Int32] = []
  /// Where the next token goes.
  public var position: Int { history.count }

  /// What `contextLength` is when nobody asks: enough for a conversation, little memory.
  public static let defaultContextLength = 4096
  private static let batchCapacity = 512
  /// Tokens whose logits are computed together.
  private static let logitsCapacity = 32

  private let cache: KeyValueCache
  private let workspace: Workspace
  private let logits: Buffer<Float>
  private let tokens: Buffer<Int32>

  /// - Parameters:
  ///   - contextLength: Positions to make room for; by default ``Model/defaultContextLength``.
  ///   - cacheType: Elements of the cache; by default ``Model/preferredCacheType``.
  /// - Throws: ``ModelError`` when the context exceeds the model's limit or the machine's memory.
  public init(
    _ model: Model, contextLength: Int? = nil, cacheType: CacheType? = nil,
    pool: WorkerPool = WorkerPool()
  ) throws(ModelError) {
    let dimensions = model.dimensions
    let length = contextLength ?? model.defaultContextLength
    guard length >= 1, length <= dimensions.contextLimit else {
      throw .contextTooLong(asked: length, limit: dimensions.contextLimit)
    }
    self.model = model
    self.pool = pool
    self.contextLength = length
    cache = try KeyValueCache(
      dimensions, contextLength: length, type: cacheType ?? model.preferredCacheType,
      biases: model.decoder.keyBiases)
    let batch = min(Self.batchCapacity, length)
    workspace = Workspace(
      dimensions, batchCapacity: batch, workerCount: pool.workerCount, kernels: model.kernels)
    logits = Buffer(min(Self.logitsCapacity, batch) * dimensions.vocabularyCount)
    tokens = Buffer(batch)
    history.reserveCapacity(length)
  }

  /// Bytes that were claimed for keys and values; they are touched as the sequence grows.
  public var cacheByteCount: Int { cache.byteCount }

  /// Bytes that were claimed to compute in, touched as batches need them.
  public var workspaceByteCount: Int {
    workspace.byteCount + logits.byteCount + tokens.byteCount
  }

  /// Forgets everything after the first `count` tokens.
  public func truncate(to count: Int) {
    precondition(count >= 0 && count <= position, "\(count) of \(position) tokens")
    history.removeLast(position - count)
  }

  /// Keeps what the cache holds of a sequence and forgets the rest.
  ///
  /// - Returns: How many tokens of `sequence` need not be seen again: all that it has in common with
  ///   ``history`` from the start, but for its last, which must be seen for there to be logits.
  public func reuse(prefixOf sequence: [Int32]) -> Int {
    let common = zip(history, sequence.dropLast()).prefix { $0 == $1 }.count
    truncate(to: common)
    return common
  }

  /// Lets the model see `newTokens` and returns logits: one row for the last token, or one for each.
  ///
  /// - Shape: `[newTokens.count or 1][vocabulary]`, row-major.
  /// - Note: The number of workers changes no bit. How tokens are divided among calls changes the order of
  ///   sums: with float weights a logit moves by less than 1e-5 of the largest over an F32 cache and 1e-3
  ///   over an F16 one. Quantized weights multiply activations rounded to bytes, some of which then fall to
  ///   the other side, and a logit moves by less than 4e-2 of the largest (measured on SmolLM2-135M Q4_1:
  ///   3.4e-2), no farther than rounding moves it from the truth.
  /// - Throws: ``ModelError`` when the tokens do not fit the context or the vocabulary, or a logit is
  ///   not a number.
  public func forward(_ newTokens: [Int32], allLogits: Bool) throws(ModelError) -> [Float] {
    var rows: [Float] = []
    let vocabulary = model.dimensions.vocabularyCount
    rows.reserveCapacity((allLogits ? newTokens.count : 1) * vocabulary)
    if allLogits {
      try forwardEach(newTokens) { rows.append(contentsOf: $1) }
    } else {
      rows.append(contentsOf: try forward(newTokens))
    }
    return rows
  }

  /// The same for the last token only, without a copy: the result is valid until the next call.
  ///
  /// - Parameter interruption: Looked at before each batch; ``history`` then ends with the last one that was
  ///   seen.
  /// - Throws: Also ``ModelError/interrupted``.
  public func forward(
    _ newTokens: some Collection<Int32>, interruption: Interruption? = nil
  ) throws(ModelError) -> UnsafeMutableBufferPointer<Float> {
    try check(newTokens)
    let end = position + newTokens.count
    try run(newTokens, interruption) { (pass) throws(ModelError) in
      guard pass.position + pass.tokenCount == end else { return }
      try self.computeLogits(pass, rows: pass.tokenCount - 1..<pass.tokenCount)
    }
    return UnsafeMutableBufferPointer(
      start: logits.pointer, count: model.dimensions.vocabularyCount)
  }

  /// Lets the model see `newTokens` and calls `body` with each one's index and logits, in order.
  public func forwardEach(
    _ newTokens: some Collection<Int32>, _ body: (Int, UnsafeBufferPointer<Float>) -> Void
  ) throws(ModelError) {
    try check(newTokens)
    let vocabulary = model.dimensions.vocabularyCount
    let start = position
    try run(newTokens, nil) { (pass) throws(ModelError) in
      var first = 0
      while first < pass.tokenCount {
        let rows = first..<min(first + Self.logitsCapacity, pass.tokenCount)
        try self.computeLogits(pass, rows: rows)
        for row in rows {
          let logits = self.logits.pointer + (row - first) * vocabulary
          body(
            pass.position - start + row,
            UnsafeBufferPointer(start: logits, count: vocabulary))
        }
        first = rows.upperBound
      }
    }
  }

  private func check(_ newTokens: some Collection<Int32>) throws(ModelError) {
    guard !newTokens.isEmpty else { throw .emptyPrompt }
    guard newTokens.count <= contextLength - position else {
      throw .contextFull(
        contextLength: contextLength, position: position, tokenCount: newTokens.count)
    }
    let count = model.dimensions.vocabularyCount
    for token in newTokens where token < 0 || token >= count {
      throw .tokenOutOfRange(token, vocabularyCount: count)
    }
  }

  /// Sends checked tokens through the layers, a batch at a time.
  private func run(
    _ newTokens: some Collection<Int32>, _ interruption: Interruption?,
    _ body: (Pass) throws(ModelError) -> Void
  ) throws(ModelError) {
    var index = newTokens.startIndex
    while index != newTokens.endIndex {
      if let interruption, interruption.isInterrupted { throw .interrupted }
      var count = 0
      while count < workspace.batchCapacity, index != newTokens.endIndex {
        tokens.pointer[count] = newTokens[index]
        newTokens.formIndex(after: &index)
        count += 1
      }
      let pass = Pass(
        tokenCount: count, position: position, dimensions: model.dimensions, workspace: workspace,
        cache: cache, pool: pool, kernels: model.kernels)
      let batch = UnsafeBufferPointer(start: tokens.pointer, count: count)
      model.decoder.forward(batch, pass)
      try body(pass)
      history.append(contentsOf: batch)
    }
  }

  /// Fills the first rows of `logits` for some tokens of a finished pass.
  private func computeLogits(_ pass: Pass, rows: Range<Int>) throws(ModelError) {
    let decoder = model.decoder
    let vocabulary = model.dimensions.vocabularyCount
    pass.computeLogits(
      of: rows, decoder.head, adding: decoder.lastAddition, into: logits.pointer)
    for index in 0..<rows.count * vocabulary where !logits.pointer[index].isFinite {
      throw .notANumber(position: pass.position + rows.lowerBound + index / vocabulary)
    }
  }
}
