import Integrity
import MappedFiles
import Synchronization
import Workers

/// Writes slabs on a thread of its own, while the next ones are encoded.
///
/// A fixed number of buffers goes round: taken and filled by the caller, written, handed back.
final class SlabWriter: Sendable {
  /// A buffer, and where its bytes go.
  struct Slab: @unchecked Sendable {
    // A buffer belongs to one side at a time: whoever took it from a channel.
    fileprivate let buffer: UnsafeMutableRawBufferPointer
    /// `nil` for bytes that are written already.
    fileprivate var file: JournaledFile?
    fileprivate var digests: ChunkDigests?
    fileprivate var byteCount = 0
    fileprivate var offset = 0

    /// The bytes to fill.
    var bytes: UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(rebasing: buffer[0..<byteCount])
    }

    fileprivate func write() throws(FileError) {
      try file?.write(UnsafeRawBufferPointer(bytes), at: offset)
      digests?.add(UnsafeRawBufferPointer(bytes), at: offset)
    }
  }

  private let free: BoundedChannel<Slab>
  private let filled: BoundedChannel<Slab>
  private let slabCount: Int
  /// `nil` where the system has no room for a thread: then slabs are written by the caller.
  private let thread: OwnedThread?
  private let failure = FirstFailure()

  /// - Parameters:
  ///   - slabByteCount: Bytes of one buffer.
  ///   - slabCount: Buffers in all: they bound the memory that writing takes, and how many may be taken at
  ///     a time.
  init(slabByteCount: Int, slabCount: Int) {
    self.slabCount = slabCount
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
        failure.record { try slab.write() }
        free.send(slab)
      }
    }
  }

  /// A buffer for `byteCount` bytes that will stand at `offset` of `file`; waits until one is free. It is to
  /// be sent or given back.
  ///
  /// - Parameter digests: Take note of the bytes.
  /// - Throws: The first error of the writing thread.
  func take(
    _ byteCount: Int, of file: JournaledFile?, _ digests: ChunkDigests?, at offset: Int
  ) throws -> Slab {
    try failure.check()
    guard var slab = free.receive() else { preconditionFailure("the buffers are freed") }
    precondition(byteCount <= slab.buffer.count, "a slab of \(byteCount) bytes does not fit")
    slab.file = file
    slab.digests = digests
    slab.byteCount = byteCount
    slab.offset = offset
    return slab
  }

  /// Has a filled slab written.
  func send(_ slab: Slab) throws {
    guard thread == nil else {
      filled.send(slab)
      return
    }
    defer { giveBack(slab) }
    try slab.write()
  }

  /// Has the digests take note of bytes that stand at `offset` already, in turn with those that are sent.
  func pass(_ bytes: [UInt8], to digests: ChunkDigests?, at offset: Int) throws {
    guard let digests else { return }
    let slab = try take(bytes.count, of: nil, digests, at: offset)
    slab.bytes.copyBytes(from: bytes)
    try send(slab)
  }

  /// Hands a buffer back whose bytes are not wanted after all.
  func giveBack(_ slab: Slab) { free.send(slab) }

  /// Waits until everything is written, and frees the buffers. Call once, also after an error, when every
  /// slab was sent or given back.
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
