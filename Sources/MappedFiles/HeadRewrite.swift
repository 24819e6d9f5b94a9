public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Replaces the first bytes of a file where it stands, so that a kill at any moment loses nothing.
///
/// No file system writes many pages in one step. The old and the new bytes therefore go to `NAME.quern-edit`
/// first, whole and synced; while that file stands, ``MappedFile`` refuses the other, and ``finish(_:)``
/// brings it to its new state from any mixture of both. Specs/edit.md has the format.
public enum HeadRewrite {
  /// Writes `new` over the first bytes of the file at `path`.
  ///
  /// - Parameters:
  ///   - old: What the file begins with, as many bytes as `new`.
  /// - Throws: ``FileError``: `.changed` when the file begins otherwise, `.inUse`, or the failed system call.
  ///   After a failure the file is as it was, or an edit is pending.
  public static func replace(
    _ old: [UInt8], with new: [UInt8], at path: FilePath
  ) throws(FileError) {
    precondition(old.count == new.count, "a head keeps its byte count")
    let target = try EditedFile(path)
    guard try target.head(old.count) == old else {
      throw FileError(path: path, reason: .changed)
    }
    let journal = EditJournal(fileByteCount: target.byteCount, old: old, new: new).bytes
    let journalPath = journalPath(of: path)
    removeUnfinished(journalPath)
    let writer = try AtomicFileWriter(journalPath, byteCount: journal.count, overwrite: false)
    try writer.write(journal, at: 0)
    try writer.commit()
    try apply(new, to: target)
  }

  /// Whether an edit of the file at `path` was begun and not finished.
  public static func isPending(_ path: FilePath) -> Bool {
    journalPath(of: path).withPlatformString { access($0, F_OK) } == 0
  }

  /// Finishes an edit that a kill or an error interrupted.
  ///
  /// - Returns: Whether there was one.
  /// - Throws: ``FileError``: `.foreignEdit` when the journal is not of this file, or the failed system call.
  public static func finish(_ path: FilePath) throws(FileError) -> Bool {
    guard isPending(path) else { return false }
    let journalPath = journalPath(of: path)
    let target = try EditedFile(path)
    guard let journal = EditJournal(try MappedFile.contents(of: journalPath)),
      journal.fileByteCount == target.byteCount,
      journal.explains(try target.head(journal.new.count))
    else { throw FileError(path: journalPath, reason: .foreignEdit) }
    try apply(journal.new, to: target)
    return true
  }

  /// Removes journals that were killed before they had their name. Whoever holds the lock of the file is the only
  /// one to write any.
  private static func removeUnfinished(_ journal: FilePath) {
    let folder = journal.removingLastComponent()
    guard let name = journal.lastComponent?.string,
      let listing = try? FolderListing(folder.isEmpty ? "." : folder)
    else { return }
    for stale in listing.names where stale.hasPrefix("\(name).quern-") {
      _ = folder.appending(stale).withPlatformString { unlink($0) }
    }
  }

  private static func apply(_ new: [UInt8], to target: borrowing EditedFile) throws(FileError) {
    try target.write(new)
    let journal = journalPath(of: target.path)
    guard journal.withPlatformString({ unlink($0) }) == 0 else {
      throw FileError(
        path: journal, reason: .system(operation: "remove", Errno(rawValue: errno)))
    }
    syncFolder(journal.removingLastComponent())
  }

  /// Beside the file itself, also when the path is a link to it.
  private static func journalPath(of path: FilePath) -> FilePath {
    var status = stat()
    var real = path
    if path.withPlatformString({ lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFLNK,
      let target = path.withPlatformString({ realpath($0, nil) })
    {
      real = FilePath(platformString: target)
      free(target)
    }
    return FilePath("\(real).quern-edit")
  }
}

/// A file that is open for writing and locked against other edits.
private struct EditedFile: ~Copyable {
  let path: FilePath
  let byteCount: Int
  private let descriptor: Int32

  init(_ path: FilePath) throws(FileError) {
    func failure(_ operation: String) -> FileError {
      FileError(path: path, reason: .system(operation: operation, Errno(rawValue: errno)))
    }
    let fd = path.withPlatformString { open($0, O_RDWR | O_CLOEXEC) }
    guard fd >= 0 else { throw failure("open for writing") }
    var status = stat()
    guard flock(fd, LOCK_EX | LOCK_NB) == 0 else {
      close(fd)
      throw FileError(path: path, reason: .inUse)
    }
    guard fstat(fd, &status) == 0 else {
      let error = failure("stat")
      close(fd)
      throw error
    }
    self.path = path
    byteCount = Int(status.st_size)
    descriptor = fd
  }

  deinit {
    // A child that is being started holds the descriptor too, and would keep the lock for a moment.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// The first bytes, fewer where the file is shorter.
  func head(_ count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: min(count, byteCount))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + done, $0.count - done, off_t(done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw FileError(
          path: path,
          reason: count == 0 ? .changed : .system(operation: "read", Errno(rawValue: errno)))
      }
      done += count
    }
    return bytes
  }

  /// Writes the first bytes and brings them to disk.
  func write(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withUnsafeBytes { raw in
      Result { () throws(FileError) in try writeAll(raw, to: descriptor, at: 0, of: path) }
    }.get()
    guard fsync(descriptor) == 0 else {
      throw FileError(path: path, reason: .system(operation: "sync", Errno(rawValue: errno)))
    }
  }
}

/// The first bytes of a file before and after an edit.
struct EditJournal {
  let fileByteCount: Int
  let old: [UInt8]
  let new: [UInt8]

  static let magic: UInt64 = 0x3145_4E52_4555_5151  // "QQUERNE1", first byte lowest

  init(fileByteCount: Int, old: [UInt8], new: [UInt8]) {
    self.fileByteCount = fileByteCount
    self.old = old
    self.new = new
  }

  /// `nil` for bytes that are no whole journal.
  init?(_ bytes: [UInt8]) {
    let words = bytes.withUnsafeBytes { raw in
      stride(from: 0, to: min(24, raw.count / 8 * 8), by: 8).map {
        UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
      }
    }
    guard words.count == 3, words[0] == Self.magic, let fileByteCount = Int(exactly: words[1]),
      let count = Int(exactly: words[2]), count <= (bytes.count - 24) / 2
    else { return nil }
    self.init(
      fileByteCount: fileByteCount, old: Array(bytes[24..<24 + count]),
      new: Array(bytes[24 + count..<24 + 2 * count]))
    guard bytes == self.bytes else { return nil }
  }

  var bytes: [UInt8] {
    let words = [Self.magic, UInt64(fileByteCount), UInt64(old.count)]
    let body = words.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) } + old + new
    let digest = body.withUnsafeBytes { Digest128(of: $0) }
    return body
      + [digest.high, digest.low].flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
  }

  /// Whether a file that begins like this was caught between its old and its new state.
  func explains(_ head: [UInt8]) -> Bool {
    head.count == new.count
      && head.indices.allSatisfy { head[$0] == old[$0] || head[$0] == new[$0] }
  }
}
