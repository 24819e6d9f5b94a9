import Synchronization

/// Ends a generation from another thread: after the token, or the batch of prompt tokens, that is being
/// worked on.
public final class Interruption: Sendable {
  private let isSet = Atomic(false)

  public init() {}

  public func interrupt() { isSet.store(true, ordering: .relaxed) }

  public var isInterrupted: Bool { isSet.load(ordering: .relaxed) }
}
