import MappedFiles
import Synchronization
import Workers

/// Writes slabs to one file on a thread of its own, while the next ones are encoded.
///
/// A fixed number of buffers goes round: filled by the caller, written, handed back.
final class SlabWriter: Sendable {
  /// A buffer, and what of it goes where.
  private struct Slab: @unchecked Sendable {
    // A buffer belongs to one side at a time: whoever took it from a channel.
    let buffer: UnsafeMutableRawBufferPointer
    var byteCount = 0
    var offset = 0
  }

  private let free: BoundedChannel<Slab>
  private let filled: BoundedChannel<Slab>
  private let slabCount: Int
  /// `nil` where the system has no room for a thread: then slabs are written by the caller.
  private let thread: OwnedThread?
  private let file: JournaledFile
  private let failure = FirstFailure()

  /// - Parameters:
  ///   - slabByteCount: Bytes of one buffer.
  ///   - slabCount: Buffers in all; they bound the memory that writing takes.
  init(_ file: JournaledFile, slabByteCount: Int, slabCount: Int = 3) {
    self.slabCount = slabCount
    self.file = file
    let free = BoundedChannel<Slab>(capacity: slabCount)
    let filled = BoundedChannel<Slab>(capacity: slabCount)
    for _ in 0..<slabCount {
      free.send(Slab(buffer: .allocate(byteCount: slabByteCount, alignment: 64)))
    }
    let failure = failure
    self.free = free
    self.filled = filled
    thread = OwnedThread {
      while let slab = filled.receive() {
        // After a failure slabs still go round, so that the other side never waits for ever.
        failure.record {
          try file.write(
            UnsafeRawBufferPointer(rebasing: slab.buffer[0..<slab.byteCount]), at: slab.offset)
        }
        free.send(slab)
      }
    }
  }

  /// Fills the next `byteCount` bytes and sends them to be written at `offset`.
  ///
  /// - Throws: what `fill` throws, or the first error of the writing thread.
  func write(
    _ byteCount: Int, at offset: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    try failure.check()
    guard var slab = free.receive() else { return }
    precondition(byteCount <= slab.buffer.count, "a slab of \(byteCount) bytes does not fit")
    do {
      try fill(UnsafeMutableRawBufferPointer(rebasing: slab.buffer[0..<byteCount]))
    } catch {
      free.send(slab)
      throw error
    }
    slab.byteCount = byteCount
    slab.offset = offset
    guard thread != nil else {
      defer { free.send(slab) }
      return try file.write(
        UnsafeRawBufferPointer(rebasing: slab.buffer[0..<byteCount]), at: offset)
    }
    filled.send(slab)
  }

  /// Waits until everything is written, and gives the buffers back. Call once, also after an error.
  ///
  /// - Throws: The first error of the writing thread.
  func finish() throws {
    filled.close()
    thread?.join()
    for _ in 0..<slabCount { free.receive()?.buffer.deallocate() }
    try failure.check()
  }
}

/// The first error of a thread, for another to see.
private final class FirstFailure: Sendable {
  private let error = Mutex<(any Error)?>(nil)

  /// Runs `body` unless something failed before.
  func record(_ body: () throws -> Void) {
    guard error.withLock({ $0 == nil }) else { return }
    do {
      try body()
    } catch let caught {
      error.withLock { $0 = caught }
    }
  }

  func check() throws {
    if let error = error.withLock({ $0 }) { throw error }
  }
}
