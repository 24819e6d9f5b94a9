/// How the tensors of a file are cut into chunks, each of which has a digest. See Specs/seal.md.
package struct ChunkMap: Sendable {
  /// A tensor that has bytes.
  struct Stretch: Sendable {
    /// Position among the tensors that the map was made of.
    let tensor: Int
    let range: Range<Int>
    /// Number of its first chunk in the file.
    let firstChunk: Int
  }

  package let chunkByteCount: Int
  /// Chunks of the whole file.
  package let count: Int
  /// In the order of the file.
  let stretches: [Stretch]

  static let leastChunkByteCount = 1 << 20
  /// Chunks that end before their tensor does, at most, where a writer has the choice.
  private static let innerChunkLimit = 16384

  /// - Parameters:
  ///   - tensors: The bytes that each has in the file; none overlap.
  ///   - chunkByteCount: By default what a writer takes.
  package init(_ tensors: [Range<Int>], chunkByteCount: Int? = nil) {
    let size = chunkByteCount ?? Self.chunkByteCount(for: tensors.map(\.count))
    var stretches: [Stretch] = []
    var count = 0
    let ordered = tensors.enumerated().filter { !$0.element.isEmpty }
      .sorted { $0.element.lowerBound < $1.element.lowerBound }
    for (tensor, range) in ordered {
      stretches.append(Stretch(tensor: tensor, range: range, firstChunk: count))
      count += (range.count - 1) / size + 1
    }
    self.chunkByteCount = size
    self.count = count
    self.stretches = stretches
  }

  /// The same tensors at other places.
  package func moved(by distance: Int) -> Self {
    ChunkMap(
      stretches.map { $0.range.lowerBound + distance..<$0.range.upperBound + distance },
      chunkByteCount: chunkByteCount)
  }

  /// What a writer takes for tensors of these sizes.
  static func chunkByteCount(for byteCounts: [Int]) -> Int {
    var size = leastChunkByteCount
    while byteCounts.reduce(0, { $0 + max(0, $1 - 1) / size }) > innerChunkLimit { size *= 2 }
    return size
  }

  /// Whether a writer may have taken chunks of this size.
  static func isValid(chunkByteCount size: Int) -> Bool {
    size >= leastChunkByteCount && size & (size - 1) == 0
  }

  /// The bytes of a chunk in the file.
  func range(of chunk: Int) -> Range<Int> {
    let stretch = stretch(of: chunk)
    let start = stretch.range.lowerBound + (chunk - stretch.firstChunk) * chunkByteCount
    return start..<min(start + chunkByteCount, stretch.range.upperBound)
  }

  func stretch(of chunk: Int) -> Stretch {
    stretches[Self.count(of: stretches) { $0.firstChunk <= chunk } - 1]
  }

  /// The first chunk that ends behind `offset`; ``count`` when none does.
  func firstChunk(endingBehind offset: Int) -> Int {
    let place = Self.count(of: stretches) { $0.range.upperBound <= offset }
    guard place < stretches.count else { return count }
    let stretch = stretches[place]
    return stretch.firstChunk + max(0, offset - stretch.range.lowerBound) / chunkByteCount
  }

  /// How many stretches are at the front of which `isBefore` holds.
  private static func count(of stretches: [Stretch], where isBefore: (Stretch) -> Bool) -> Int {
    var (low, high) = (0, stretches.count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(stretches[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
