internal import CKernels
public import Kernels
public import Workers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Ceilings {
  /// How long and how often to measure.
  public struct Effort: Sendable, Hashable {
    /// Seconds of one measurement, about.
    public var seconds: Double
    /// Measurements of each rate. The fastest counts, since whatever else runs can only slow one:
    /// better many short ones than few that are all interrupted.
    public var repeats: Int
    /// Bytes to read. More than the caches hold, or it is their speed that is found.
    public var byteCount: Int

    public init(
      seconds: Double = 0.005, repeats: Int = 30, byteCount: Int = Effort.defaultByteCount
    ) {
      self.seconds = seconds
      self.repeats = repeats
      self.byteCount = byteCount
    }

    /// Four times the last-level cache and at least 256 MiB, but no more than an eighth of memory.
    public static var defaultByteCount: Int {
      let memory = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(getpagesize())
      return max(1 << 20, min(max(256 << 20, 4 * lastLevelCacheByteCount), memory / 8))
    }

    /// 0 where the system does not say.
    static var lastLevelCacheByteCount: Int {
      #if canImport(Glibc)
        max(0, sysconf(Int32(_SC_LEVEL3_CACHE_SIZE)))
      #else
        0
      #endif
    }
  }

  /// Measures what the kernels of one level reach on all workers of `pool` together.
  public static func measure(
    on pool: WorkerPool, kernels: Kernels = .active, effort: Effort = Effort()
  ) -> Ceilings {
    let loops = kernels.ceilings
    return Ceilings(
      memoryRead: readRate(loops, pool, effort),
      int8Macs: macRate(loops.multiply_int8, macsPerRound: loops.int8_macs, pool, effort),
      floatMacs: macRate(loops.multiply_float, macsPerRound: loops.float_macs, pool, effort))
  }

  private static func macRate(
    _ loop: @escaping @convention(c) (Int) -> UInt64, macsPerRound: Int, _ pool: WorkerPool,
    _ effort: Effort
  ) -> Double {
    // Chunks of a hundredth of a measurement: workers that start late or are interrupted leave their
    // share to the others, so that only the last chunk can be waited for.
    let chunk = 0.00005
    var rounds = 1 << 10
    var seconds = shortest(of: 3) { keep(loop(rounds)) }
    while seconds < chunk, rounds < 1 << 24 {
      rounds *= 2
      seconds = shortest(of: 3) { keep(loop(rounds)) }
    }
    let chunkCount = max(pool.workerCount, Int(effort.seconds / seconds) * pool.workerCount)
    let best = shortest(of: effort.repeats + 1) {
      pool.forEachChunk(of: chunkCount, chunk: 1) { (_: Range<Int>, _: Int) -> Void in
        keep(loop(rounds))
      }
    }
    return Double(chunkCount * rounds * macsPerRound) / best
  }

  private static func readRate(
    _ loops: quern_ceiling_table, _ pool: WorkerPool, _ effort: Effort
  ) -> Double {
    let chunk = 1 << 19
    // Each measurement reads on where the last one stopped: a quarter of the bytes, so that it is
    // short, and the caches have lost them when their turn comes again.
    let chunkCount = max(1, effort.byteCount / 4 / chunk)
    let quarter = chunkCount * chunk
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: 4 * quarter, alignment: 4096)
    defer { bytes.deallocate() }
    // Pages that were never written are all the same page of zeros.
    pool.forEachChunk(of: 4 * chunkCount, chunk: 1) { (range: Range<Int>, _: Int) -> Void in
      memset(bytes + range.lowerBound * chunk, 1, range.count * chunk)
    }
    var start = bytes
    let best = shortest(of: effort.repeats + 1) {
      pool.forEachChunk(of: chunkCount, chunk: 1) { (range: Range<Int>, _: Int) -> Void in
        keep(loops.read_memory(start + range.lowerBound * chunk, range.count * chunk))
      }
      start = start + quarter == bytes + 4 * quarter ? bytes : start + quarter
    }
    return Double(quarter) / best
  }

  /// Seconds of the fastest of some runs; the first ones wake the workers and raise the clock.
  private static func shortest(of count: Int, _ body: () -> Void) -> Double {
    (0..<max(1, count)).map { _ in elapsed(body) }.min() ?? .infinity
  }

  private static func elapsed(_ body: () -> Void) -> Double {
    max(ContinuousClock().measure(body) / .seconds(1), 1e-9)
  }

  /// The loops are calls through pointers, which the compiler cannot leave out.
  private static func keep(_ result: UInt64) {}
}
