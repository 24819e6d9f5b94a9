import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file that is open for reading, and what it was when it was opened.
final class OpenFile: Sendable {
  let path: FilePath
  let descriptor: Int32
  let byteCount: Int
  let modified: timespec

  /// - Throws: ``FileError`` when the path is missing, unreadable, not a regular file or half edited.
  init(_ path: FilePath) throws(FileError) {
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
    self.path = path
    descriptor = fd
    byteCount = Int(status.st_size)
    modified = status.modificationTime
  }

  deinit { close(descriptor) }

  /// The error of a system call that just failed.
  func failure(_ operation: String) -> FileError {
    FileError(path: path, reason: .system(operation: operation, Errno(rawValue: errno)))
  }

  /// - Throws: ``FileError`` with `.shrank` or `.changed`.
  func checkUnchanged() throws(FileError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("stat") }
    guard Int(status.st_size) >= byteCount else {
      throw FileError(
        path: path, reason: .shrank(expected: byteCount, found: Int(status.st_size)))
    }
    let now = status.modificationTime
    guard now.tv_sec == modified.tv_sec, now.tv_nsec == modified.tv_nsec else {
      throw FileError(path: path, reason: .changed)
    }
  }

  /// Reads the bytes of `range` to where they belong behind `base`.
  func read(_ range: Range<Int>, to base: UnsafeMutableRawPointer) throws(FileError) {
    var place = range.lowerBound
    while place < range.upperBound {
      let count = pread(descriptor, base + place, range.upperBound - place, off_t(place))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("read") }
      guard count > 0 else {
        throw FileError(path: path, reason: .shrank(expected: byteCount, found: place))
      }
      place += count
    }
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
