import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes all of `bytes` at `offset`, however often the system takes only a part.
func writeAll(
  _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int, of path: FilePath
) throws(FileError) {
  var done = 0
  while done < bytes.count {
    let count = pwrite(
      descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
    if count < 0 {
      if errno == EINTR { continue }
      throw FileError(path: path, reason: .system(operation: "write", Errno(rawValue: errno)))
    }
    done += count
  }
}

/// Claims room on disk and makes the file exactly this long; bytes that are not written stay zero.
///
/// - Returns: 0, or the `errno` of the failure. A filesystem that cannot reserve is no failure: it will
///   say so when it is full.
func reserveRoom(_ descriptor: Int32, _ byteCount: Int) -> Int32 {
  #if canImport(Glibc)
    let code = posix_fallocate(descriptor, 0, off_t(byteCount))
    guard code == 0 || code == EOPNOTSUPP || code == EINVAL else { return code }
  #endif
  return ftruncate(descriptor, off_t(byteCount)) == 0 ? 0 : errno
}
