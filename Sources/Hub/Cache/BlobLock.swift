import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The lock that programs of the hub take while they write a blob.
///
/// The file stays: who waits for it holds it open.
final class BlobLock: Sendable {
  private let descriptor: Int32

  /// - Returns: `nil` while another program has it.
  static func acquire(_ path: FilePath) -> BlobLock? {
    let fd = path.withPlatformString { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o664) }
    // A file system without locks: the file that grows beside the blob has one of its own.
    guard fd >= 0 else { return BlobLock(-1) }
    if flock(fd, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      close(fd)
      return nil
    }
    return BlobLock(fd)
  }

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
