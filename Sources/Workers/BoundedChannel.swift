/// Hands values from one thread to another, at most `capacity` of them waiting: the back pressure of
/// a streaming pipeline.
public final class BoundedChannel<Element: Sendable>: @unchecked Sendable {
  // `monitor` protects everything below it.
  private let monitor = Monitor()
  private var waiting: [Element] = []
  private var isClosed = false
  private let capacity: Int

  public init(capacity: Int) {
    precondition(capacity > 0, "a channel of capacity \(capacity) passes nothing")
    self.capacity = capacity
  }

  /// Passes a value on, when there is room.
  ///
  /// - Returns: Whether the value was taken; `false` after ``close()``.
  @discardableResult public func send(_ element: Element) -> Bool {
    monitor.lock()
    defer { monitor.unlock() }
    while waiting.count >= capacity, !isClosed { monitor.wait() }
    guard !isClosed else { return false }
    waiting.append(element)
    monitor.announce()
    return true
  }

  /// The next value, in the order sent; `nil` when the channel is closed and empty.
  public func receive() -> Element? {
    monitor.lock()
    defer { monitor.unlock() }
    while waiting.isEmpty, !isClosed { monitor.wait() }
    guard !waiting.isEmpty else { return nil }
    monitor.announce()
    return waiting.removeFirst()
  }

  /// Ends the stream: nothing more is taken, what waits may still be received.
  public func close() {
    monitor.lock()
    isClosed = true
    monitor.announce()
    monitor.unlock()
  }
}
