#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MappedFile {
  /// Bytes that are read between two looks at whether to stop.
  private static let windowByteCount = 4 << 20
  /// Windows that the disk is told of ahead.
  private static let windowsAhead = 4

  /// Brings all pages into memory and into this process, in the order of the file: a disk then reads in one
  /// stream, and whoever uses them later need not wait for each. Returns when it is done or stopped.
  ///
  /// A hint, like ``advise(_:_:)``: failure is not an error.
  ///
  /// - Parameter isStopped: Asked every few megabytes.
  public func prefetch(until isStopped: () -> Bool) {
    guard !isCopy else { return }
    let step = Self.windowByteCount
    advise(.willNeed, 0..<min(byteCount, Self.windowsAhead * step))
    for start in stride(from: 0, to: byteCount, by: step) {
      if isStopped() { return }
      let ahead = start + Self.windowsAhead * step
      if ahead < byteCount { advise(.willNeed, ahead..<min(ahead + step, byteCount)) }
      advise(.populate, start..<min(start + step, byteCount))
    }
  }
}
