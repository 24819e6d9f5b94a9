package import MappedFiles
import Synchronization

/// Takes the digests of a file's chunks from its bytes while they pass by.
///
/// The bytes of a chunk come in their order; chunks may take turns.
package final class ChunkDigests: Sendable {
  private struct State {
    var digests: [Digest128?]
    /// Chunks that have begun and not ended, with how far they have come.
    var open: [Int: (stream: DigestStream, end: Int)] = [:]
  }

  private let map: ChunkMap
  private let state: Mutex<State>

  package init(_ map: ChunkMap) {
    self.map = map
    state = Mutex(State(digests: Array(repeating: nil, count: map.count)))
  }

  /// Takes note of bytes that stand at `offset` of the file. Those that are in no chunk are passed over.
  package func add(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    let end = offset + bytes.count
    for chunk in map.firstChunk(endingBehind: offset)..<map.count {
      let range = map.range(of: chunk)
      guard range.lowerBound < end else { return }
      let part = range.clamped(to: offset..<end)
      add(
        UnsafeRawBufferPointer(
          rebasing: bytes[part.lowerBound - offset..<part.upperBound - offset]),
        part, of: chunk, range)
    }
  }

  private func add(
    _ bytes: UnsafeRawBufferPointer, _ part: Range<Int>, of chunk: Int, _ range: Range<Int>
  ) {
    guard part != range else {
      let digest = Digest128(of: bytes)
      return state.withLock { $0.digests[chunk] = digest }
    }
    state.withLock { state in
      let begun = state.open[chunk] ?? (DigestStream(), range.lowerBound)
      precondition(begun.end == part.lowerBound, "the bytes of a chunk come in their order")
      begun.stream.add(bytes)
      guard part.upperBound == range.upperBound else {
        return state.open[chunk] = (begun.stream, part.upperBound)
      }
      state.open[chunk] = nil
      state.digests[chunk] = begun.stream.digest
    }
  }

  /// All digests; `nil` while some are missing.
  package var all: [Digest128]? {
    state.withLock { state in
      let digests = state.digests.compactMap(\.self)
      return digests.count == map.count ? digests : nil
    }
  }
}
