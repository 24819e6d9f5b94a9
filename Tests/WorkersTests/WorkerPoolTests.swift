import Synchronization
import Testing
import Workers

@Suite struct WorkerPoolTests {
  @Test(
    "Every element is visited once, whatever the number of workers and the chunk",
    arguments: [1, 2, 3, 7], [nil, 1, 4, 1000] as [Int?])
  func coverage(workers: Int, chunk: Int?) {
    let pool = WorkerPool(workerCount: workers)
    for count in [0, 1, 2, 31, 257] {
      let visits = Mutex([Int](repeating: 0, count: count))
      pool.forEachChunk(of: count, chunk: chunk) { (range: Range<Int>, worker: Int) in
        #expect((0..<workers).contains(worker))
        // Scratch is sized by the chunk.
        #expect(range.count <= chunk ?? count)
        visits.withLock { visits in for index in range { visits[index] += 1 } }
      }
      #expect(visits.withLock { $0 } == [Int](repeating: 1, count: count))
    }
  }

  @Test(
    "A loop in stretches visits every element once too, in ranges of at most a chunk",
    arguments: [1, 2, 3, 7], [1, 4, 1000])
  func stretches(workers: Int, chunk: Int) {
    let pool = WorkerPool(workerCount: workers)
    for count in [1, 2, 31, 257] {
      var visits = Visits(count: count)
      for _ in 0..<50 {
        withUnsafeMutablePointer(to: &visits) { visits in
          pool.runChunks(of: count, chunk: chunk, sharing: .inStretches, context: visits) {
            context, lower, upper, _ in
            let visits = context.assumingMemoryBound(to: Visits.self)
            visits.pointee.note(lower..<upper)
          }
        }
      }
      #expect(visits.total == [Int](repeating: 50, count: count))
      #expect(visits.longest <= chunk)
    }
  }

  /// How often each element was visited, noted by several threads.
  private struct Visits: ~Copyable {
    private let state: Mutex<(counts: [Int], longest: Int)>

    init(count: Int) { state = Mutex(([Int](repeating: 0, count: count), 0)) }

    var total: [Int] { state.withLock { $0.counts } }
    var longest: Int { state.withLock { $0.longest } }

    func note(_ range: Range<Int>) {
      state.withLock { state in
        for index in range { state.counts[index] += 1 }
        state.longest = max(state.longest, range.count)
      }
    }
  }

  @Test("Ten thousand short loops in a row all finish")
  func manyLoops() {
    let pool = WorkerPool(workerCount: 3)
    let sum = Atomic(0)
    for _ in 0..<10_000 {
      pool.forEachChunk(of: 8, chunk: 1) { (range: Range<Int>, _: Int) -> Void in
        sum.add(range.count, ordering: .relaxed)
      }
    }
    #expect(sum.load(ordering: .relaxed) == 80_000)
  }

  @Test("Several threads may use one pool")
  func sharedPool() async {
    let pool = WorkerPool(workerCount: 2)
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let sum = Atomic(0)
          for _ in 0..<200 {
            pool.forEachChunk(of: 100, chunk: 10) { (range: Range<Int>, _: Int) -> Void in
              sum.add(range.count, ordering: .relaxed)
            }
          }
          return sum.load(ordering: .relaxed)
        }
      }
      for await total in group { #expect(total == 20_000) }
    }
  }

  struct Broken: Error, Equatable { let lower: Int }

  @Test("An error in a chunk is thrown when the loop ends")
  func failure() {
    let pool = WorkerPool(workerCount: 2)
    #expect(throws: Broken(lower: 5)) {
      try pool.forEachChunk(of: 10, chunk: 1) { range, _ throws in
        if range.lowerBound == 5 { throw Broken(lower: 5) }
      }
    }
  }
}
