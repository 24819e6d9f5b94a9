import Synchronization

/// What is left of each worker's part of a loop; its owner takes from the front, others from the end.
final class Stretches: @unchecked Sendable {
  // The bounds of a stretch are one atomic value: the upper one in the high half. Each has cache lines
  // of its own, so that workers do not wait for each other's.
  private typealias Bounds = Atomic<UInt64>
  private static let spacing = 16
  private let bounds: UnsafeMutablePointer<Bounds>
  private let count: Int

  init(count: Int) {
    self.count = count
    bounds = .allocate(capacity: count * Self.spacing)
    for index in 0..<count * Self.spacing { (bounds + index).initialize(to: Bounds(0)) }
  }

  deinit {
    bounds.deinitialize(count: count * Self.spacing)
    bounds.deallocate()
  }

  /// Deals `0 ..< total` out to `workers` workers, before they start.
  func divide(_ total: Int, among workers: Int) {
    for worker in 0..<workers {
      bounds[worker * Self.spacing].store(
        Self.pack(total * worker / workers, total * (worker + 1) / workers), ordering: .relaxed)
    }
  }

  /// Takes up to `chunk` elements from the front of a worker's stretch; `nil` when nothing is left.
  func takeFirst(_ chunk: Int, of worker: Int) -> Range<Int>? {
    take(of: worker) { $0.lowerBound..<min($0.lowerBound + chunk, $0.upperBound) }
  }

  /// Takes up to `chunk` elements from its end.
  func takeLast(_ chunk: Int, of worker: Int) -> Range<Int>? {
    take(of: worker) { max($0.upperBound - chunk, $0.lowerBound)..<$0.upperBound }
  }

  @inline(__always)
  private func take(of worker: Int, _ part: (Range<Int>) -> Range<Int>) -> Range<Int>? {
    let slot = bounds + worker * Self.spacing
    var word = slot.pointee.load(ordering: .relaxed)
    while true {
      let left = Int(word & 0xffff_ffff)..<Int(word >> 32)
      if left.isEmpty { return nil }
      let taken = part(left)
      let rest =
        taken.lowerBound == left.lowerBound
        ? Self.pack(taken.upperBound, left.upperBound)
        : Self.pack(left.lowerBound, taken.lowerBound)
      let (exchanged, original) = slot.pointee.weakCompareExchange(
        expected: word, desired: rest, ordering: .relaxed)
      if exchanged { return taken }
      word = original
    }
  }

  private static func pack(_ lower: Int, _ upper: Int) -> UInt64 {
    UInt64(lower) | UInt64(upper) << 32
  }
}
