import Synchronization
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a file under a temporary name beside its destination and renames it when it is whole.
///
/// Until ``commit()`` returns, nothing stands under the final name; after it, everything does, on disk.
/// A writer that goes away without a commit removes its temporary file.
///
/// Writes to disjoint ranges may come from several threads.
public final class AtomicFileWriter: Sendable {
  public let destination: FilePath
  public let temporary: FilePath
  private let descriptor: Int32
  private let isOpen = Mutex(true)

  /// - Parameters:
  ///   - byteCount: Final size, when it is known: the room is claimed at once, so that a full disk
  ///     is noticed before any work.
  ///   - overwrite: Whether a file that already stands at `destination` is replaced at the end.
  /// - Throws: ``FileError`` with `.alreadyExists`, or the failed system call.
  public init(_ destination: FilePath, byteCount: Int? = nil, overwrite: Bool) throws(FileError) {
    var status = stat()
    if destination.withPlatformString({ stat($0, &status) }) == 0 {
      guard status.st_mode & S_IFMT != S_IFDIR else {
        throw FileError(path: destination, reason: .isADirectory)
      }
      guard overwrite else { throw FileError(path: destination, reason: .alreadyExists) }
    }
    self.destination = destination
    temporary = FilePath("\(destination).quern-\(getpid())")
    let fd = temporary.withPlatformString {
      open($0, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
    guard fd >= 0 else {
      throw FileError(
        path: destination, reason: .system(operation: "create", Errno(rawValue: errno)))
    }
    descriptor = fd
    Unfinished.insert(temporary)
    if let byteCount, byteCount > 0 {
      try reserve(byteCount)
    }
  }

  deinit { discard() }

  private func reserve(_ byteCount: Int) throws(FileError) {
    let code = reserveRoom(descriptor, byteCount)
    guard code == 0 else {
      discard()
      throw FileError(
        path: destination,
        reason: .system(operation: "reserve \(byteCount) bytes", Errno(rawValue: code)))
    }
  }

  /// Writes all of `bytes` at `offset` from the start of the file.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    try writeAll(bytes, to: descriptor, at: offset, of: destination)
  }

  public func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    try bytes.withUnsafeBytes { raw in
      Result { () throws(FileError) in try write(raw, at: offset) }
    }.get()
  }

  /// Syncs the bytes to disk, gives the file its final name and syncs the folder.
  public func commit() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw failure("sync") }
    let renamed = temporary.withPlatformString { from in
      destination.withPlatformString { to in rename(from, to) }
    }
    guard renamed == 0 else { throw failure("rename") }
    _ = Unfinished.remove(temporary)
    closeOnce()
    // The rename itself must survive a power cut.
    syncFolder(destination.removingLastComponent())
  }

  /// Removes the temporary file. Does nothing after a commit.
  public func discard() {
    guard Unfinished.remove(temporary) else { return }
    closeOnce()
    _ = temporary.withPlatformString { unlink($0) }
  }

  private func closeOnce() {
    isOpen.withLock { open in
      if open { close(descriptor) }
      open = false
    }
  }

  private func failure(_ operation: String) -> FileError {
    FileError(path: destination, reason: .system(operation: operation, Errno(rawValue: errno)))
  }
}
