public import Inference
public import Workers

/// Measures how fast a model reads prompts and makes new tokens.
///
/// Each repeat measures every size once, so that whatever else the machine does for a while falls on
/// all of them; the first round is not counted. Workers are awake and the clock is up when a
/// measurement starts. Tokens are arbitrary ones of the vocabulary, given and not sampled: the time is
/// the model's alone.
public struct Benchmark: Sendable {
  /// Prompts of so many tokens, each read into a cache that holds ``depth`` tokens.
  public var promptSizes = [512]
  /// So many new tokens, one at a time, after ``depth`` and one more.
  public var generationSizes = [128]
  /// Measurements of each size.
  public var repeats = 5
  /// So many tokens are in the cache before each measurement.
  public var depth = 0
  /// What is spent on the ceilings.
  public var effort = Ceilings.Effort()

  public init() {}

  /// - Parameters:
  ///   - name: What the result calls the model.
  ///   - progress: Called before each measurement with the number of those done and their total.
  /// - Throws: ``Inference/ModelError`` when a size exceeds the model's context, or the cache memory.
  public func run(
    _ model: Model, name: String, pool: WorkerPool = WorkerPool(),
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> BenchmarkResult {
    let sizes =
      promptSizes.map { Run(isPrompt: true, tokenCount: $0, depth: depth) }
      + generationSizes.map { Run(isPrompt: false, tokenCount: $0, depth: depth) }
    // A session that cannot be made is found out before time is spent.
    let session = try Session(
      model, contextLength: max(1, sizes.map(\.positionCount).max() ?? 1), pool: pool)
    if depth > 0 {
      let vocabularyCount = model.dimensions.vocabularyCount
      _ = try session.forward(Run.tokens(count: depth, vocabularyCount: vocabularyCount))
    }
    let total = sizes.count * (repeats + 1)
    var rates = [[Double]](repeating: [], count: sizes.count)
    for round in 0...max(1, repeats) {
      for (index, size) in sizes.enumerated() {
        progress(round * sizes.count + index, total)
        let seconds = try size.measure(session)
        if round > 0 { rates[index].append(Double(size.tokenCount) / seconds) }
      }
    }
    let memory = MemoryUse.current(with: session)
    let ceilings = Ceilings.measure(on: pool, kernels: model.kernels, effort: effort)
    let one =
      pool.workerCount == 1
      ? ceilings
      : Ceilings.measure(
        on: WorkerPool(workerCount: 1), kernels: model.kernels, effort: effort)
    try model.file.checkUnchanged()

    let work = ModelWork(model)
    let speeds = zip(sizes, rates).map { size, rates in
      size.speed(rates, work: work, ceilings: ceilings)
    }
    return BenchmarkResult(
      model: name, architecture: model.architecture, weightBytes: work.byteCountPerToken,
      kernels: model.kernels.level.rawValue, threads: pool.workerCount, repeats: max(1, repeats),
      depth: depth,
      ceilings: ceilings, ceilingsOneThread: one,
      prompt: Array(speeds.prefix(promptSizes.count)),
      generation: Array(speeds.dropFirst(promptSizes.count)), memory: memory)
  }
}

/// One size.
private struct Run {
  let isPrompt: Bool
  let tokenCount: Int
  let depth: Int

  /// Positions of the cache that it needs: generation goes on from a first token.
  var positionCount: Int { depth + (isPrompt ? tokenCount : tokenCount + 1) }

  /// Seconds of one measurement.
  ///
  /// - Parameter session: Holds at least as many tokens as the depth.
  func measure(_ session: Session) throws -> Double {
    let tokens = Self.tokens(
      count: tokenCount, vocabularyCount: session.model.dimensions.vocabularyCount)
    session.truncate(to: depth)
    // Wakes the workers.
    _ = try session.forward(tokens.prefix(1))
    let start = ContinuousClock.now
    if isPrompt {
      session.truncate(to: depth)
      _ = try session.forward(tokens)
    } else {
      for token in tokens { _ = try session.forward(CollectionOfOne(token)) }
    }
    return max((ContinuousClock.now - start) / .seconds(1), 1e-9)
  }

  /// The same ones each time, spread over the vocabulary.
  static func tokens(count: Int, vocabularyCount: Int) -> [Int32] {
    var state: UInt64 = 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int32(truncatingIfNeeded: (state >> 33) % UInt64(vocabularyCount))
    }
  }

  func speed(
    _ rates: [Double], work: ModelWork, ceilings: Ceilings
  ) -> BenchmarkResult.Speed {
    let median = rates.median
    return BenchmarkResult.Speed(
      tokens: tokenCount, tokensPerSecond: median, slowest: rates.min() ?? 0,
      fastest: rates.max() ?? 0,
      share: isPrompt
        ? work.share(promptOf: tokenCount, tokensPerSecond: median, of: ceilings)
        : work.share(generationAt: median, of: ceilings))
  }
}

extension [Double] {
  /// The middle one in order, or the mean of the middle two; 0 when there are none.
  package var median: Double {
    guard !isEmpty else { return 0 }
    let ordered = sorted()
    let middle = count / 2
    return count % 2 == 1 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2
  }
}
