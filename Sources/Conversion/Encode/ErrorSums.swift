/// The sum of squared differences of two runs of equal length, added up in double precision, in an order that
/// depends on the length alone.
func sumOfSquaredDifferences(
  _ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>
) -> Double {
  precondition(left.count == right.count, "\(left.count) values are not \(right.count)")
  var sums = SIMD8<Double>.zero
  let whole = left.count / 8 * 8
  for first in stride(from: 0, to: whole, by: 8) {
    var (a, b) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    for lane in 0..<8 {
      a[lane] = left[first + lane]
      b[lane] = right[first + lane]
    }
    let difference = SIMD8<Double>(a) - SIMD8<Double>(b)
    sums += difference * difference
  }
  var sum = sums.sum()
  for index in whole..<left.count {
    let difference = Double(left[index]) - Double(right[index])
    sum += difference * difference
  }
  return sum
}

/// One error for each chunk and target, written by many workers and added up in order, so that sums do not depend
/// on who did what.
struct ChunkErrors: @unchecked Sendable {
  // Each entry is written by the one worker that has its chunk, and read after the loop.
  private let entries: UnsafeMutableBufferPointer<Double>
  private let targets: Int

  init(chunks: Int, targets: Int) {
    entries = .allocate(capacity: chunks * targets)
    entries.initialize(repeating: 0)
    self.targets = targets
  }

  func deallocate() { entries.deallocate() }

  subscript(chunk: Int, target: Int) -> Double {
    get { entries[chunk * targets + target] }
    nonmutating set { entries[chunk * targets + target] = newValue }
  }

  func sum(of target: Int) -> Double {
    stride(from: target, to: entries.count, by: targets).reduce(0) { $0 + entries[$1] }
  }
}
