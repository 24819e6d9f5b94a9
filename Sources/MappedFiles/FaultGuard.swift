#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Lets a program outlive a page of a mapped file that cannot be read: the file was truncated, or the
/// disk gave an error.
///
/// The system answers such a read with SIGBUS. The handler puts zeros in the place of what is missing
/// and marks the mapping, so that ``MappedFile/checkUnchanged()`` throws. Any other SIGBUS goes to
/// whoever would have had it without us.
enum FaultGuard {
  /// Installs the handler, once for the whole process.
  static func install() { _ = isInstalled }

  private static let isInstalled: Bool = {
    var action = sigaction()
    action.handler = handleFault
    // Where a thread has a stack for signals it is used, as its owner expects.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK
    return sigaction(SIGBUS, &action, previous) == 0
  }()

  /// Written once, before the handler can run.
  private nonisolated(unsafe) static let previous: UnsafeMutablePointer<sigaction> = {
    let previous = UnsafeMutablePointer<sigaction>.allocate(capacity: 1)
    previous.initialize(to: sigaction())
    return previous
  }()

  private static let pageByteCount = UInt(getpagesize())

  /// What runs when a page is missing: it may only read atomics and make system calls.
  private static let handleFault: SignalHandler = { signal, info, context in
    let code = errno
    if !replaceMissingPages(info) { passOn(signal, info, context) }
    errno = code
  }

  /// - Returns: Whether the fault was in a mapping of ours, and reading can go on.
  private static func replaceMissingPages(_ info: UnsafeMutablePointer<siginfo_t>?) -> Bool {
    // A signal that a program sent has no address.
    guard let info, info.pointee.si_code > 0,
      let fault = info.pointee.address,
      let end = LiveMapping.markDamaged(holding: UInt(bitPattern: fault))
    else { return false }
    // All that follows goes too: after a truncation it is missing as well, and many small mappings would
    // use up what the system allows. The mapping is marked, so nobody takes these zeros for the file.
    let page = UInt(bitPattern: fault) / pageByteCount * pageByteCount
    let zeros = mmap(
      UnsafeMutableRawPointer(bitPattern: page), Int(end - page), PROT_READ,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
    return zeros != MAP_FAILED
  }

  private static func passOn(
    _ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
  ) {
    if previous.pointee.sa_flags & SA_SIGINFO != 0, let handler = previous.pointee.handler {
      return handler(signal, info, context)
    }
    if let handler = previous.pointee.plainHandler { return handler(signal) }
    // The instruction runs again and meets the default; a signal that was sent must be sent again.
    var action = sigaction()
    sigaction(SIGBUS, &action, nil)
    if info.map({ $0.pointee.si_code <= 0 }) ?? true { raise(signal) }
  }
}

private typealias SignalHandler =
  @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void

extension siginfo_t {
  /// Where the fault was.
  fileprivate var address: UnsafeMutableRawPointer? {
    #if canImport(Darwin)
      si_addr
    #else
      _sifields._sigfault.si_addr
    #endif
  }
}

extension sigaction {
  fileprivate var handler: SignalHandler? {
    get {
      #if canImport(Darwin)
        __sigaction_u.__sa_sigaction
      #else
        __sigaction_handler.sa_sigaction
      #endif
    }
    set {
      #if canImport(Darwin)
        __sigaction_u.__sa_sigaction = newValue
      #else
        __sigaction_handler.sa_sigaction = newValue
      #endif
    }
  }

  /// A handler that takes the number only; `nil` for the default and for a signal that is ignored.
  fileprivate var plainHandler: (@convention(c) (Int32) -> Void)? {
    #if canImport(Darwin)
      let handler = __sigaction_u.__sa_handler
    #else
      let handler = __sigaction_handler.sa_handler
    #endif
    let ignored = UInt(bitPattern: 1)
    return unsafeBitCast(handler, to: UInt.self) == ignored ? nil : handler
  }
}
