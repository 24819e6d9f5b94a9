import Checkpoints
import Foundation
import MappedFiles
public import SystemPackage
public import Workers

/// Conversions of one source that are carried out together: what several need is read and decoded once.
///
/// ```swift
/// let batch = try ConversionBatch(plans)
/// let results = try batch.execute(on: WorkerPool())
/// ```
public struct ConversionBatch: Sendable {
  /// In the order of the results.
  public let plans: [ConversionPlan]

  /// Plans several outputs of one source.
  ///
  /// - Throws: What ``ConversionPlan/init(from:to:options:)`` throws, and what ``init(_:)`` does.
  public init(
    from source: FilePath, to outputs: [(destination: String, options: ConversionOptions)]
  ) throws {
    let source = ConversionSource(
      source, isGeneric: outputs.contains { $0.options.isGeneric })
    try self.init(
      outputs.map { try ConversionPlan(from: source, to: $0.destination, options: $0.options) })
  }

  /// - Throws: ``ConversionError`` with `.sameDestination` when two would write the same file.
  public init(_ plans: [ConversionPlan]) throws(ConversionError) {
    var seen: Set<FilePath> = []
    for plan in plans where !seen.insert(plan.destination.lexicallyNormalized()).inserted {
      throw ConversionError(.sameDestination, path: plan.destination)
    }
    self.plans = plans
  }

  /// Bytes of all files of all outputs.
  public var byteCount: Int { plans.reduce(0) { $0 + $1.byteCount } }

  /// Whether an interrupted run left work that the same plans go on with.
  public var isBegun: Bool { plans.contains { StagedOutput.isBegun($0.destination) } }

  /// Carries the plans out: reads, encodes and writes slab by slab, each on its own time.
  ///
  /// Memory does not grow with the model. Destinations appear when all are whole; after a kill or an error
  /// of the file system the same plans go on where they were.
  ///
  /// - Parameters:
  ///   - measuresErrors: Decode what was encoded, for ``ConversionResult/rmsErrors``.
  ///   - progress: Called on the calling thread after every slab.
  /// - Throws: ``ConversionError``, or `FileError` when reading or writing fails.
  public func execute(
    on pool: WorkerPool, measuresErrors: Bool = false,
    progress: (ConversionProgress) -> Void = { _ in }
  ) throws -> [ConversionResult] {
    if let refusal = plans.lazy.compactMap(\.refusal).first { throw refusal }
    let start = DispatchTime.now().uptimeNanoseconds
    var outputs: [OpenOutput] = []
    do {
      for plan in plans { outputs.append(try OpenOutput(plan)) }
      try stream(into: outputs, pool, measuresErrors, progress)
      for output in outputs { try output.sync() }
      for output in outputs { try output.commit() }
    } catch {
      // What the file system refused may go better next time; what the source holds will not.
      for output in outputs { error is FileError ? output.abandon() : output.discard() }
      throw (error as? ConversionError)?.located(in: plans.first?.source) ?? error
    }
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    return outputs.map { $0.result(seconds: seconds, measuresErrors: measuresErrors) }
  }

  private func stream(
    into outputs: [OpenOutput], _ pool: WorkerPool, _ measuresErrors: Bool,
    _ progress: (ConversionProgress) -> Void
  ) throws {
    let tasks = TensorTask.tasks(for: plans)
    let encoder = SlabEncoder(pool: pool, tasks: tasks, measuresErrors: measuresErrors)
    defer { encoder.deallocate() }
    let writer = SlabWriter(
      slabByteCount: tasks.map(\.slabByteCount).max() ?? 0,
      slabCount: 2 + (tasks.map(\.targets.count).max() ?? 1))
    var state = ConversionProgress(
      tensorCount: tasks.count,
      totalByteCount: plans.flatMap(\.tensors).reduce(0) { $0 + $1.byteCount })
    do {
      for task in tasks {
        state.tensor = task.name
        try task.run(into: outputs, encoder, writer) { byteCount, keptByteCount in
          state.byteCount += byteCount
          state.keptByteCount += keptByteCount
          progress(state)
        }
        state.finishedTensorCount += 1
      }
    } catch {
      try? writer.finish()
      throw error
    }
    try writer.finish()
  }
}

/// Where a conversion stands.
public struct ConversionProgress: Sendable {
  /// The tensor that is being written.
  public internal(set) var tensor = ""
  /// Tensors of the source that are done.
  public internal(set) var finishedTensorCount = 0
  public let tensorCount: Int
  /// Bytes of the results that are done.
  public internal(set) var byteCount = 0
  /// Those of them that an earlier, interrupted run had finished.
  public internal(set) var keptByteCount = 0
  public let totalByteCount: Int

  init(tensorCount: Int, totalByteCount: Int) {
    self.tensorCount = tensorCount
    self.totalByteCount = totalByteCount
  }
}

/// What a finished conversion did.
public struct ConversionResult: Sendable {
  public let plan: ConversionPlan
  /// Wall time of the whole batch.
  public let seconds: Double
  /// Bytes that an earlier, interrupted run had finished.
  public let keptByteCount: Int
  /// Root-mean-square differences between the source's values and the result's, in the order of
  /// `plan.tensors`; empty unless asked for.
  public let rmsErrors: [Double]
}

extension ConversionPlan {
  /// Carries this plan out by itself; see ``ConversionBatch/execute(on:measuresErrors:progress:)``.
  public func execute(
    on pool: WorkerPool, measuresErrors: Bool = false,
    progress: (ConversionProgress) -> Void = { _ in }
  ) throws -> ConversionResult {
    try ConversionBatch([self])
      .execute(on: pool, measuresErrors: measuresErrors, progress: progress)[0]
  }
}

extension ConversionError {
  /// The same error, said of the file at `path`.
  func located(in path: FilePath?) -> Self {
    ConversionError(reason, path: self.path ?? path, tensor: tensor)
  }
}
