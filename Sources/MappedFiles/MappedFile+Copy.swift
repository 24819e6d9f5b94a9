import Synchronization
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MappedFile {
  /// Bytes that one call of a reader reads.
  private static let readByteCount = 8 << 20

  /// Reads a whole file into memory instead of mapping it: for filesystems where a page at a time is slow.
  ///
  /// The memory is in huge pages where the system has them. What becomes of the file afterwards does not
  /// matter.
  ///
  /// - Parameters:
  ///   - makeRoom: Throws when there is no memory for so many bytes.
  ///   - forEach: Calls its body with each of `0 ..< count`, in any order, on several threads or one.
  /// - Throws: ``FileError``, also when the file was written to meanwhile.
  public convenience init(
    reading path: FilePath, makeRoom: (_ byteCount: Int) throws -> Void,
    forEach: (_ count: Int, _ body: (Int) -> Void) -> Void
  ) throws {
    let file = try OpenFile(path)
    guard file.byteCount > 0 else {
      try self.init(path)
      return
    }
    try makeRoom(file.byteCount)
    let address = mmap(
      nil, file.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address, address != MAP_FAILED else { throw file.failure("claim memory") }
    #if canImport(Glibc)
      _ = madvise(address, file.byteCount, MADV_HUGEPAGE)
    #endif
    do {
      try file.readAll(to: address, by: Self.readByteCount, forEach)
      try file.checkUnchanged()
    } catch {
      munmap(address, file.byteCount)
      throw error
    }
    self.init(file, copy: address)
  }
}

extension OpenFile {
  fileprivate func readAll(
    to base: UnsafeMutableRawPointer, by step: Int,
    _ forEach: (_ count: Int, _ body: (Int) -> Void) -> Void
  ) throws(FileError) {
    // Readers write to bytes of their own.
    nonisolated(unsafe) let base = base
    let failure = Mutex<FileError?>(nil)
    forEach((byteCount + step - 1) / step) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      do throws(FileError) {
        try read(index * step..<min((index + 1) * step, byteCount), to: base)
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
