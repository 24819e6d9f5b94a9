import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MappedFile {
  /// Bytes that are asked for between two looks at whether to stop.
  package static let windowByteCount = 4 << 20
  /// Windows that the disk is told of ahead of the one that is waited for.
  private static let windowsAhead = 4

  /// Pages of a window that are looked at to know whether it is in memory.
  private static let sampleCount = 8

  /// Brings the pages of a range into memory in the order of the file: a disk then reads in one stream, and
  /// whoever uses them later waits for few. Returns when all is there, or stopped.
  ///
  /// What is in memory already is left alone. A hint, like ``advise(_:_:)``: failure is not an error.
  ///
  /// - Parameters:
  ///   - range: Lies inside the file; all of it by default.
  ///   - isStopped: Asked every few megabytes.
  public func prefetch(_ range: Range<Int>? = nil, until isStopped: () -> Bool) {
    guard !isCopy else { return }
    let range = range ?? 0..<byteCount
    let step = Self.windowByteCount
    let tells = tellsWhatIsInMemory
    for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      if isStopped() { return }
      let window = start..<min(start + step, range.upperBound)
      if tells, isInMemory(window) { continue }
      advise(.willNeed, start..<min(start + Self.windowsAhead * step, range.upperBound))
      // Mapping pages that are there is cheaper when they are used, sixteen at a time.
      if tells { advise(.populate, window) }
    }
  }

  /// The system answers mincore(2) truly to who owns the file or may write to it, and says yes to others.
  private var tellsWhatIsInMemory: Bool {
    geteuid() == 0 || path.withPlatformString { access($0, W_OK) == 0 }
  }

  /// Whether a few pages of a range, spread over it, are in memory.
  private func isInMemory(_ range: Range<Int>) -> Bool {
    let page = Int(getpagesize())
    let step = max(page, range.count / Self.sampleCount / page * page)
    let first = range.lowerBound / page * page
    return stride(from: first, to: range.upperBound, by: step).allSatisfy { place in
      let address = UnsafeMutableRawPointer(mutating: bytes(in: place..<place + 1).baseAddress)
      #if canImport(Darwin)
        var state: CChar = 0
      #else
        var state: UInt8 = 0
      #endif
      return mincore(address, 1, &state) == 0 && state & 1 != 0
    }
  }
}
