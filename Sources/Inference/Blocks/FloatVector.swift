/// Floats that never change after `init`, at an address that does not move: norm weights, biases.
final class FloatVector: @unchecked Sendable {
  // Written in `init` only.
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int, fill: (UnsafeMutablePointer<Float>) -> Void) {
    self.count = count
    pointer = .allocate(capacity: max(1, count))
    pointer.initialize(repeating: 0, count: max(1, count))
    fill(pointer)
  }

  convenience init(_ values: [Float]) {
    self.init(count: values.count) { pointer in
      for (index, value) in values.enumerated() { pointer[index] = value }
    }
  }

  deinit { pointer.deallocate() }

  var values: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: pointer, count: count) }
}

/// Memory that one owner works in, aligned for the widest vectors and not initialised: pages that are
/// never touched cost nothing.
final class Buffer<Element: BitwiseCopyable> {
  let pointer: UnsafeMutablePointer<Element>
  let count: Int
  let byteCount: Int

  init(_ count: Int) {
    self.count = count
    byteCount = max(64, count * MemoryLayout<Element>.stride)
    pointer = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
      .bindMemory(to: Element.self, capacity: max(1, count))
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}

extension UnsafeMutablePointer<Float> {
  func scale(by factor: Float, count: Int) {
    for index in 0..<count { self[index] *= factor }
  }
}
