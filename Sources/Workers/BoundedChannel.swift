#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Hands values from one thread to another, at most `capacity` of them waiting: the back pressure of
/// a streaming pipeline.
public final class BoundedChannel<Element: Sendable>: @unchecked Sendable {
  // `mutex` protects everything below it.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
  private let changed: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)
  private var waiting: [Element] = []
  private var isClosed = false
  private let capacity: Int

  public init(capacity: Int) {
    precondition(capacity > 0, "a channel of capacity \(capacity) passes nothing")
    self.capacity = capacity
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Passes a value on, when there is room.
  ///
  /// - Returns: Whether the value was taken; `false` after ``close()``.
  @discardableResult public func send(_ element: Element) -> Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while waiting.count >= capacity, !isClosed { pthread_cond_wait(changed, mutex) }
    guard !isClosed else { return false }
    waiting.append(element)
    pthread_cond_broadcast(changed)
    return true
  }

  /// The next value, in the order sent; `nil` when the channel is closed and empty.
  public func receive() -> Element? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while waiting.isEmpty, !isClosed { pthread_cond_wait(changed, mutex) }
    guard !waiting.isEmpty else { return nil }
    pthread_cond_broadcast(changed)
    return waiting.removeFirst()
  }

  /// Ends the stream: nothing more is taken, what waits may still be received.
  public func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }
}
