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

  /// Whether the bytes are a copy in memory, which no change of the file reaches.
  let isCopy: Bool

  // The address is constant and the pages are only read, so sharing it between threads is safe.
  private nonisolated(unsafe) let base: UnsafeRawPointer
  let file: OpenFile
  /// What the handler of faults knows of the mapping; an empty file has none.
  private nonisolated(unsafe) let live: LiveMapping.Place?

  /// - Throws: ``FileError`` when the path is missing, unreadable, not a regular file or half edited.
  public init(_ path: FilePath) throws(FileError) {
    let file = try OpenFile(path)
    self.path = path
    self.file = file
    byteCount = file.byteCount
    isCopy = false
    if byteCount == 0 {
      // mmap refuses length 0; any non-null address serves an empty range.
      base = UnsafeRawPointer(bitPattern: 1)!
      live = nil
    } else {
      FaultGuard.install()
      let address = mmap(nil, byteCount, PROT_READ, MAP_SHARED, file.descriptor, 0)
      guard let address, address != MAP_FAILED else { throw file.failure("map") }
      base = UnsafeRawPointer(address)
      live = LiveMapping.insert(UnsafeRawBufferPointer(start: base, count: byteCount))
    }
  }

  /// - Parameters:
  ///   - copy: The file's bytes, in memory that `mmap` gave.
  init(_ file: OpenFile, copy: UnsafeRawPointer) {
    path = file.path
    self.file = file
    byteCount = file.byteCount
    isCopy = true
    base = copy
    live = nil
  }

  /// Size and time of modification: equal for a file that was not written to since.
  public var version: String { "\(byteCount) \(file.modified.tv_sec).\(file.modified.tv_nsec)" }

  deinit {
    if let live { LiveMapping.remove(live) }
    if byteCount > 0 { munmap(UnsafeMutableRawPointer(mutating: base), byteCount) }
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
    /// Will be read at once: the call returns when the pages are there, where the system can do that.
    case populate
    /// Has been read for the last time: the pages may leave this process.
    case dontNeed
    case sequential
    /// Will be read here and there: nothing is read around a page that is touched.
    case random
    /// Nothing is known.
    case normal
  }

  /// `MADV_POPULATE_READ` of Linux 5.14, which older headers lack and older systems refuse.
  private static var populateFlag: Int32 {
    #if canImport(Glibc)
      22
    #else
      MADV_WILLNEED
    #endif
  }

  /// Tells the kernel how `range` will be used. A hint: failure is not an error.
  public func advise(_ advice: Advice, _ range: Range<Int>) {
    // A copy cannot be read again.
    guard !range.isEmpty, byteCount > 0, !isCopy else { return }
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
      case .populate: Self.populateFlag
      case .dontNeed: MADV_DONTNEED
      case .sequential: MADV_SEQUENTIAL
      case .random: MADV_RANDOM
      case .normal: MADV_NORMAL
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
    guard !isCopy else { return }
    try file.checkUnchanged()
    if let live, live.pointee.isDamaged { throw FileError(path: path, reason: .unreadable) }
  }
}
