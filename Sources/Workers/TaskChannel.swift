#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Hands values from a thread, which may block, to one task, which may not: the sender waits while
/// `capacity` of them are not taken.
public final class TaskChannel<Element: Sendable>: @unchecked Sendable {
  // `mutex` protects everything below it.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
  private let changed: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)
  private var waiting: [Element] = []
  private var receiver: CheckedContinuation<Element?, any Error>?
  private var end: Result<Void, any Error>?
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
  /// - Returns: Whether the value was taken; `false` after the end.
  @discardableResult public func send(_ element: Element) -> Bool {
    pthread_mutex_lock(mutex)
    while waiting.count >= capacity, end == nil { pthread_cond_wait(changed, mutex) }
    guard end == nil else {
      pthread_mutex_unlock(mutex)
      return false
    }
    let receiver = takeReceiver()
    if receiver == nil { waiting.append(element) }
    pthread_mutex_unlock(mutex)
    receiver?.resume(returning: element)
    return true
  }

  /// Ends the stream: nothing more is taken, what waits may still be received, and an error after it.
  public func finish(throwing error: (any Error)? = nil) {
    pthread_mutex_lock(mutex)
    let end = end ?? error.map { .failure($0) } ?? .success(())
    self.end = end
    let receiver = takeReceiver()
    pthread_mutex_unlock(mutex)
    receiver?.resume(with: end.map { nil })
  }

  /// Ends the stream for who wants no more of it: what waits is forgotten, and a sender need not wait.
  public func cancel() {
    pthread_mutex_lock(mutex)
    end = end ?? .success(())
    waiting = []
    let receiver = takeReceiver()
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
    receiver?.resume(returning: nil)
  }

  /// The next value, in the order sent; `nil` after the last. One task at a time.
  public func receive() async throws -> Element? {
    try await withCheckedThrowingContinuation { accept($0) }
  }

  private func accept(_ receiver: CheckedContinuation<Element?, any Error>) {
    pthread_mutex_lock(mutex)
    if !waiting.isEmpty {
      let element = waiting.removeFirst()
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
      return receiver.resume(returning: element)
    }
    let end = end
    if end == nil { self.receiver = receiver }
    pthread_mutex_unlock(mutex)
    if let end { receiver.resume(with: end.map { nil }) }
  }

  private func takeReceiver() -> CheckedContinuation<Element?, any Error>? {
    defer { receiver = nil }
    return receiver
  }
}
