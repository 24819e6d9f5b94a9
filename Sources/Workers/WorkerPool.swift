internal import CKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Long-lived threads that share the chunks of one loop at a time.
///
/// ```swift
/// let pool = WorkerPool()
/// pool.forEachChunk(of: rowCount) { rows, worker in
///   for row in rows { encode(row, scratch: &scratch[worker]) }
/// }
/// ```
///
/// The calling thread works too, as worker 0, and the call returns when every chunk is done.
/// Chunks finish in any order; split over outputs, never over a sum, and results do not depend on the
/// number of workers.
public final class WorkerPool: Sendable {
  /// Number of threads that work on a loop, the caller's included.
  public let workerCount: Int

  private let shared: SharedLoop
  private let threads: [pthread_t]

  /// - Parameter workerCount: Threads to use; by default one for each processor that is online. Fewer
  ///   where the system gives no more.
  public init(workerCount: Int = WorkerPool.processorCount) {
    let shared = SharedLoop(workerCount: max(1, workerCount))
    var threads: [pthread_t] = []
    while threads.count + 1 < workerCount {
      let worker = threads.count + 1
      guard let thread = startThread({ shared.serve(as: worker) }) else { break }
      threads.append(thread)
    }
    shared.workerCount = threads.count + 1
    self.workerCount = threads.count + 1
    self.shared = shared
    self.threads = threads
  }

  deinit {
    shared.stop()
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Processors that are online.
  public static var processorCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Who gets which chunk.
  public enum Sharing: Sendable {
    /// Each goes to whoever is free, in order: what is worked on at one time lies close together.
    case inOrder
    /// Each worker has a stretch of its own, as even as can be, and takes from the end of another's when
    /// it is through: a worker reads straight on, which memory rewards.
    case inStretches
  }

  /// Work on the elements `lower ..< upper` as worker number `worker`.
  public typealias RawBody =
    @convention(c) (_ context: UnsafeMutableRawPointer, _ lower: Int, _ upper: Int, _ worker: Int)
    -> Void

  /// The loop beneath ``forEachChunk(of:chunk:_:)-(_,_,(Range<Int>,Int)->Void)``, which allocates
  /// nothing and takes no lock while workers are awake: for loops that run thousands of times a second.
  public func runChunks(
    of count: Int, chunk: Int, sharing: Sharing = .inOrder, context: UnsafeMutableRawPointer,
    _ body: RawBody
  ) {
    guard count > 0 else { return }
    // A stretch's bounds have 32 bits each.
    let sharing = count <= UInt32.max ? sharing : .inOrder
    if workerCount == 1 || count <= chunk {
      // Scratch is sized for a chunk, also when nobody shares the loop.
      let chunk = max(1, chunk)
      for lower in stride(from: 0, to: count, by: chunk) {
        body(context, lower, min(lower + chunk, count), 0)
      }
      return
    }
    shared.run(
      .init(count: count, chunk: max(1, chunk), sharing: sharing, context: context, body: body))
  }

  /// Calls `body` for consecutive ranges that cover `0 ..< count`, on all workers.
  ///
  /// - Parameters:
  ///   - chunk: Elements a range; by default an eighth of a worker's even share.
  ///   - body: Receives a range and the number of the worker that runs it, below ``workerCount``.
  public func forEachChunk(
    of count: Int, chunk: Int? = nil, _ body: (Range<Int>, Int) -> Void
  ) {
    let chunk = chunk ?? max(1, count / (workerCount * 8))
    withoutActuallyEscaping(body) { body in
      var body = body
      withUnsafeMutablePointer(to: &body) { pointer in
        runChunks(of: count, chunk: chunk, context: pointer) { context, lower, upper, worker in
          let body = context.assumingMemoryBound(to: ((Range<Int>, Int) -> Void).self)
          body.pointee(lower..<upper, worker)
        }
      }
    }
  }

  /// The same for work that can fail: after an error no further chunk starts, and the error of the
  /// lowest failed range is thrown.
  public func forEachChunk(
    of count: Int, chunk: Int? = nil, _ body: (Range<Int>, Int) throws -> Void
  ) throws {
    let failed = Atomic(false)
    let first = Mutex<(lower: Int, error: any Error)?>(nil)
    forEachChunk(of: count, chunk: chunk) { (range: Range<Int>, worker: Int) -> Void in
      guard !failed.load(ordering: .relaxed) else { return }
      do {
        try body(range, worker)
      } catch {
        failed.store(true, ordering: .relaxed)
        first.withLock { first in
          if range.lowerBound < first?.lower ?? .max { first = (range.lowerBound, error) }
        }
      }
    }
    if let error = first.withLock({ $0?.error }) { throw error }
  }
}

/// The loop that the workers share, and how they find out about the next one.
///
/// The fields of `loop` are written by the one caller that holds `busy`, before `generation` is
/// raised with release ordering; workers read them after they see the new generation. That hand-over,
/// and `unfinished` on the way back, protect everything here.
private final class SharedLoop: @unchecked Sendable {
  struct Loop {
    var count: Int
    var chunk: Int
    var sharing: WorkerPool.Sharing
    var context: UnsafeMutableRawPointer
    var body: WorkerPool.RawBody
  }

  private var loop: Loop?
  /// Set before the first loop, and not again.
  var workerCount: Int
  private let spins: Int
  private let busy = Atomic(false)
  private let generation = Atomic(0)
  private let next = Atomic(0)
  private let stretches: Stretches
  private let unfinished = Atomic(0)
  private let sleepers = Atomic(0)
  private let stopping = Atomic(false)
  private let monitor = Monitor()

  init(workerCount: Int) {
    self.workerCount = workerCount
    stretches = Stretches(count: workerCount)
    // Spinning only helps threads that have a processor each.
    spins = workerCount <= WorkerPool.processorCount ? 4_000 : 0
  }

  func run(_ loop: Loop) {
    while !busy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged {
      sched_yield()
    }
    self.loop = loop
    switch loop.sharing {
    case .inOrder: next.store(0, ordering: .relaxed)
    case .inStretches: stretches.divide(loop.count, among: workerCount)
    }
    unfinished.store(workerCount - 1, ordering: .relaxed)
    generation.add(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
    drain(loop, as: 0)
    wait { self.unfinished.load(ordering: .acquiring) == 0 }
    busy.store(false, ordering: .releasing)
  }

  func serve(as worker: Int) {
    var seen = 0
    while true {
      wait { self.generation.load(ordering: .sequentiallyConsistent) != seen }
      seen = generation.load(ordering: .acquiring)
      if stopping.load(ordering: .acquiring) { return }
      if let loop { drain(loop, as: worker) }
      if unfinished.subtract(1, ordering: .sequentiallyConsistent).newValue == 0,
        sleepers.load(ordering: .sequentiallyConsistent) > 0
      {
        wakeAll()
      }
    }
  }

  func stop() {
    stopping.store(true, ordering: .releasing)
    generation.add(1, ordering: .sequentiallyConsistent)
    wakeAll()
  }

  private func drain(_ loop: Loop, as worker: Int) {
    switch loop.sharing {
    case .inOrder:
      while true {
        let lower = next.add(loop.chunk, ordering: .relaxed).oldValue
        if lower >= loop.count { return }
        loop.body(loop.context, lower, min(lower + loop.chunk, loop.count), worker)
      }
    case .inStretches:
      while let range = stretches.takeFirst(loop.chunk, of: worker) {
        loop.body(loop.context, range.lowerBound, range.upperBound, worker)
      }
      for step in 1..<workerCount {
        while let range = stretches.takeLast(loop.chunk, of: (worker + step) % workerCount) {
          loop.body(loop.context, range.lowerBound, range.upperBound, worker)
        }
      }
    }
  }

  /// Spins briefly, then sleeps until `ready`.
  private func wait(until ready: () -> Bool) {
    for _ in 0..<spins {
      if ready() { return }
      quern_spin_hint()
    }
    monitor.lock()
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while !ready() { monitor.wait() }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    monitor.unlock()
  }

  private func wakeAll() {
    monitor.lock()
    monitor.announce()
    monitor.unlock()
  }
}
