#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Starts an owned thread; whoever starts it joins it.
///
/// - Returns: `nil` when the system has no room for another.
func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
  final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let box = Unmanaged.passRetained(Box(body)).toOpaque()
  #if canImport(Darwin)
    var thread: pthread_t?
    let code = pthread_create(
      &thread, nil,
      { raw in
        Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().body()
        return nil
      }, box)
    if code != 0 { Unmanaged<Box>.fromOpaque(box).release() }
    return code == 0 ? thread : nil
  #else
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { raw in
        Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue().body()  // `box` is never null
        return nil
      }, box)
    if code != 0 { Unmanaged<Box>.fromOpaque(box).release() }
    return code == 0 ? thread : nil
  #endif
}

/// A thread of one's own for work that blocks, such as writing; ``join()`` waits for its end.
public struct OwnedThread: Sendable {
  private let thread: pthread_t

  /// - Returns: `nil` when the system has no room for another thread.
  public init?(_ body: @escaping @Sendable () -> Void) {
    guard let thread = startThread(body) else { return nil }
    self.thread = thread
  }

  /// Waits until the body has returned. Call once.
  public func join() { pthread_join(thread, nil) }

  /// Leaves the thread to itself: nobody waits for its end. In place of ``join()``.
  public func detach() { pthread_detach(thread) }
}
