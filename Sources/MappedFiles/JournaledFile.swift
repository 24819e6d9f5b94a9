import Synchronization
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is written slab by slab and remembers on disk which slabs are done.
///
/// Opened again for the same work, it keeps what is proved to be there. ``StagedOutput`` makes these
/// and gives the result its name.
public final class JournaledFile: Sendable {
  public let path: FilePath
  private let journalPath: FilePath
  let descriptor: Int32
  private let journal: Int32
  /// Slabs that an earlier run finished, by offset.
  private let earlier: [Int: WriteJournal.Record]

  /// - Parameters:
  ///   - journalPath: Where the journal is kept.
  ///   - byteCount: Size of the whole file; the room is claimed at once.
  ///   - identity: A digest of everything that decides the bytes. Work of another identity is
  ///     thrown away.
  init(
    _ path: FilePath, journal journalPath: FilePath, byteCount: Int, identity: Digest128
  ) throws(FileError) {
    self.path = path
    self.journalPath = journalPath
    descriptor = try Self.open(path, O_RDWR)
    do throws(FileError) {
      journal = try Self.open(journalPath, O_RDWR | O_APPEND)
    } catch {
      close(descriptor)
      throw error
    }
    let records = WriteJournal.records(
      in: Self.contents(journal), identity: identity, byteCount: byteCount)
    earlier = Dictionary(
      (records ?? []).map { ($0.offset, $0) }, uniquingKeysWith: { $1 })
    if let records {
      // A torn record at the end would hide what is appended after it.
      try cut(
        journal, journalPath,
        to: WriteJournal.headerByteCount + records.count * WriteJournal.recordByteCount)
    } else {
      try cut(journal, journalPath, to: 0)
      try cut(descriptor, path, to: 0)
      try append(WriteJournal.header(identity: identity, byteCount: byteCount))
    }
    try reserve(byteCount)
  }

  deinit {
    close(descriptor)
    close(journal)
  }

  /// Whether an earlier run finished anything.
  public var hasEarlierWork: Bool { !earlier.isEmpty }

  /// Whether these bytes were finished by an earlier run and are still what they were.
  public func keeps(_ byteCount: Int, at offset: Int) -> Bool {
    kept(byteCount, at: offset) != nil
  }

  /// These bytes, when an earlier run finished them and they are still what they were.
  public func kept(_ byteCount: Int, at offset: Int) -> [UInt8]? {
    guard let record = earlier[offset], record.byteCount == byteCount else { return nil }
    var buffer = [UInt8](repeating: 0, count: byteCount)
    let isWhole = buffer.withUnsafeMutableBytes { raw in
      var done = 0
      while done < byteCount {
        let count = pread(
          descriptor, raw.baseAddress! + done, byteCount - done, off_t(offset + done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
      }
      return Digest128(of: UnsafeRawBufferPointer(raw)) == record.digest
    }
    return isWhole ? buffer : nil
  }

  /// Writes a slab and notes that it is done. Calls for disjoint slabs may come from several threads.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    try writeAll(bytes, to: descriptor, at: offset, of: path)
    let record = WriteJournal.Record(
      offset: offset, byteCount: bytes.count, digest: Digest128(of: bytes))
    startWriteback(of: bytes.count, at: offset)
    try append(record.bytes)
  }

  /// Sends written bytes on their way to disk, so that little is left to wait for at the end. A hint.
  private func startWriteback(of byteCount: Int, at offset: Int) {
    #if os(Linux)
      // Linux starts to write pages that are dirty when it is told that they are not needed.
      _ = posix_fadvise(descriptor, off_t(offset), off_t(byteCount), POSIX_FADV_DONTNEED)
    #endif
  }

  /// Brings all bytes to disk.
  ///
  /// After a failure nothing of the file is kept: the system may drop pages that it could not write,
  /// and it says so only once.
  func sync() throws(FileError) {
    guard fsync(descriptor) == 0 else {
      let code = Errno(rawValue: errno)
      ftruncate(journal, 0)
      throw FileError(path: path, reason: .system(operation: "sync", code))
    }
  }

  private static func open(_ path: FilePath, _ flags: Int32) throws(FileError) -> Int32 {
    let flags = flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW
    let fd = path.withPlatformString {
      #if canImport(Glibc)
        Glibc.open($0, flags, 0o644)
      #else
        Darwin.open($0, flags, 0o644)
      #endif
    }
    guard fd >= 0 else {
      throw FileError(path: path, reason: .system(operation: "create", Errno(rawValue: errno)))
    }
    return fd
  }

  private static func contents(_ descriptor: Int32) -> [UInt8] {
    var status = stat()
    // A journal of a terabyte in slabs of 8 MB has 5 MB.
    guard fstat(descriptor, &status) == 0, status.st_size <= 1 << 30 else { return [] }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    return Array(bytes.prefix(max(0, count)))
  }

  /// A record goes down in one call, so that several threads may append.
  private func append(_ bytes: [UInt8]) throws(FileError) {
    let count = bytes.withUnsafeBytes { write(journal, $0) }
    guard count == bytes.count else {
      throw FileError(
        path: journalPath,
        reason: .system(operation: "write", count < 0 ? Errno(rawValue: errno) : .noSpace))
    }
  }

  private func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  private func cut(_ descriptor: Int32, _ path: FilePath, to byteCount: Int) throws(FileError) {
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
      throw FileError(path: path, reason: .system(operation: "truncate", Errno(rawValue: errno)))
    }
  }

  private func reserve(_ byteCount: Int) throws(FileError) {
    guard byteCount > 0 else { return }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(path: path, reason: .system(operation: "stat", Errno(rawValue: errno)))
    }
    let code = reserveRoom(descriptor, byteCount)
    guard code == 0 else {
      // Gives back what was claimed before the room ran out.
      ftruncate(descriptor, status.st_size)
      throw FileError(
        path: path,
        reason: .system(operation: "reserve \(byteCount) bytes", Errno(rawValue: code)))
    }
  }
}
