public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A whole file, mapped read-only; the one place of the project that calls `mmap`.
///
/// The mapping lives as long as this object. A page that cannot be read, because the file was truncated
/// or the disk failed, reads as zeros instead of ending the program (the first mapping installs a
/// handler of SIGBUS for that). Whoever reads therefore calls ``checkUnchanged()`` afterwards, before
/// anything is believed; ``withUnchangedBytes(_:)`` does both.
public final class MappedFile: Sendable {
  public let path: FilePath
  public let byteCount: Int

  // The address is constant and the pages are read-only, so sharing it between threads is safe.
  private nonisolated(unsafe) let base: UnsafeRawPointer
  let descriptor: FileDescriptor
  private let modified: timespec
  /// What the handler of faults knows of the mapping; an empty file has none.
  private nonisolated(unsafe) let live: LiveMapping.Place?

  /// - Throws: ``FileError`` when the path is missing, unreadable, not a regular file or half edited.
  public init(_ path: FilePath) throws(FileError) {
    self.path = path
    if HeadRewrite.isPending(path) { throw FileError(path: path, reason: .editPending) }
    func failure(_ operation: String) -> FileError {
      FileError(path: path, reason: .system(operation: operation, Errno(rawValue: errno)))
    }
    // A pipe without a writer would block; for files the flag means nothing.
    let fd = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard fd >= 0 else { throw failure("open") }
    var status = stat()
    guard fstat(fd, &status) == 0 else {
      let error = failure("stat")
      close(fd)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(fd)
      let reason: FileError.Reason =
        status.st_mode & S_IFMT == S_IFDIR ? .isADirectory : .notARegularFile
      throw FileError(path: path, reason: reason)
    }
    descriptor = FileDescriptor(rawValue: fd)
    byteCount = Int(status.st_size)
    modified = status.modificationTime
    if byteCount == 0 {
      // mmap refuses length 0; any non-null address serves an empty range.
      base = UnsafeRawPointer(bitPattern: 1)!
      live = nil
    } else {
      FaultGuard.install()
      guard let address = mmap(nil, byteCount, PROT_READ, MAP_SHARED, fd, 0), address != MAP_FAILED
      else {
        let error = failure("map")
        close(fd)
        throw error
      }
      base = UnsafeRawPointer(address)
      live = LiveMapping.insert(UnsafeRawBufferPointer(start: base, count: byteCount))
    }
  }

  /// Size and time of modification: equal for a file that was not written to since.
  public var version: String { "\(byteCount) \(modified.tv_sec).\(modified.tv_nsec)" }

  deinit {
    if let live { LiveMapping.remove(live) }
    if byteCount > 0 { munmap(UnsafeMutableRawPointer(mutating: base), byteCount) }
    close(descriptor.rawValue)
  }

  /// Calls `body` with all bytes of the file, which stay mapped until it returns.
  public func withBytes<Value, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// The same, and an error when the bytes were not those of the file, whatever `body` made of them.
  ///
  /// - Throws: ``FileError`` from ``checkUnchanged()``, or else what `body` throws.
  public func withUnchangedBytes<Value>(
    _ body: (UnsafeRawBufferPointer) throws -> Value
  ) throws -> Value {
    let result = Result { try withBytes(body) }
    try checkUnchanged()
    return try result.get()
  }

  /// A copy of a small file.
  public static func contents(
    of path: FilePath, limit: Int = .max
  ) throws(FileError) -> [UInt8] {
    let file = try MappedFile(path)
    let bytes = file.withBytes { Array($0.prefix(limit)) }
    try file.checkUnchanged()
    return bytes
  }

  /// All bytes of the file, valid while this object lives: for owners that store it. A local
  /// variable is no owner, it may go after its last use; see ``withBytes(_:)``.
  package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: byteCount)
  }

  /// The bytes of `range`, which must lie inside the file, as long-lived as ``bytes``.
  package func bytes(in range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[range])
  }

  /// What will happen to a range of pages.
  public enum Advice: Sendable {
    /// Will be read soon, front to back.
    case willNeed
    /// Has been read for the last time: the pages may leave this process.
    case dontNeed
    case sequential
    case random
  }

  /// Tells the kernel how `range` will be used. A hint: failure is not an error.
  public func advise(_ advice: Advice, _ range: Range<Int>) {
    guard !range.isEmpty, byteCount > 0 else { return }
    let page = Int(getpagesize())
    // Releasing must not touch pages shared with a neighbour, so it rounds inwards.
    let lower =
      advice == .dontNeed
      ? (range.lowerBound + page - 1) / page * page
      : range.lowerBound / page * page
    let upper = advice == .dontNeed ? range.upperBound / page * page : range.upperBound
    guard lower < upper else { return }
    let flag =
      switch advice {
      case .willNeed: MADV_WILLNEED
      case .dontNeed: MADV_DONTNEED
      case .sequential: MADV_SEQUENTIAL
      case .random: MADV_RANDOM
      }
    _ = madvise(UnsafeMutableRawPointer(mutating: base + lower), upper - lower, Int32(flag))
  }

  /// Notices a file that was truncated or rewritten since it was opened, or that the disk could not
  /// give.
  ///
  /// When this returns, everything that was read before is what the file held.
  ///
  /// - Throws: ``FileError`` with `.shrank`, `.changed` or `.unreadable`.
  /// - Complexity: One system call.
  public func checkUnchanged() throws(FileError) {
    var status = stat()
    guard fstat(descriptor.rawValue, &status) == 0 else {
      throw FileError(
        path: path, reason: .system(operation: "stat", Errno(rawValue: errno)))
    }
    guard Int(status.st_size) >= byteCount else {
      throw FileError(
        path: path, reason: .shrank(expected: byteCount, found: Int(status.st_size)))
    }
    let now = status.modificationTime
    guard now.tv_sec == modified.tv_sec, now.tv_nsec == modified.tv_nsec else {
      throw FileError(path: path, reason: .changed)
    }
    if let live, live.pointee.isDamaged { throw FileError(path: path, reason: .unreadable) }
  }
}

extension stat {
  fileprivate var modificationTime: timespec {
    #if canImport(Darwin)
      st_mtimespec
    #else
      st_mtim
    #endif
  }
}
