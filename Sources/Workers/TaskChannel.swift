/// Hands values from a thread, which may block, to one task, which may not: the sender waits while
/// `capacity` of them are not taken.
public final class TaskChannel<Element: Sendable>: @unchecked Sendable {
  // `monitor` protects everything below it.
  private let monitor = Monitor()
  private var waiting: [Element] = []
  private var receiver: CheckedContinuation<Element?, any Error>?
  private var end: Result<Void, any Error>?
  private let capacity: Int

  public init(capacity: Int) {
    precondition(capacity > 0, "a channel of capacity \(capacity) passes nothing")
    self.capacity = capacity
  }

  /// Passes a value on, when there is room.
  ///
  /// - Returns: Whether the value was taken; `false` after the end.
  @discardableResult public func send(_ element: Element) -> Bool {
    monitor.lock()
    while waiting.count >= capacity, end == nil { monitor.wait() }
    guard end == nil else {
      monitor.unlock()
      return false
    }
    let receiver = takeReceiver()
    if receiver == nil { waiting.append(element) }
    monitor.unlock()
    receiver?.resume(returning: element)
    return true
  }

  /// Ends the stream: nothing more is taken, what waits may still be received, and an error after it.
  public func finish(throwing error: (any Error)? = nil) {
    monitor.lock()
    let end = end ?? error.map { .failure($0) } ?? .success(())
    self.end = end
    let receiver = takeReceiver()
    monitor.unlock()
    receiver?.resume(with: end.map { nil })
  }

  /// Ends the stream for who wants no more of it: what waits is forgotten, and a sender need not wait.
  public func cancel() {
    monitor.lock()
    end = end ?? .success(())
    waiting = []
    let receiver = takeReceiver()
    monitor.announce()
    monitor.unlock()
    receiver?.resume(returning: nil)
  }

  /// The next value, in the order sent; `nil` after the last. One task at a time.
  public func receive() async throws -> Element? {
    try await withCheckedThrowingContinuation { accept($0) }
  }

  private func accept(_ receiver: CheckedContinuation<Element?, any Error>) {
    monitor.lock()
    if !waiting.isEmpty {
      let element = waiting.removeFirst()
      monitor.announce()
      monitor.unlock()
      return receiver.resume(returning: element)
    }
    let end = end
    if end == nil { self.receiver = receiver }
    monitor.unlock()
    if let end { receiver.resume(with: end.map { nil }) }
  }

  private func takeReceiver() -> CheckedContinuation<Element?, any Error>? {
    defer { receiver = nil }
    return receiver
  }
}
