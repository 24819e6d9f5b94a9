internal import Workers
internal import SystemPackage

/// Text as it is generated, piece by piece; the last piece carries the statistics.
///
/// The model computes on a thread of its own, a few tokens ahead of whoever reads. Leaving the loop or cancelling
/// the task ends the generation after the token, or the batch of prompt tokens, that is being worked on; the
/// sequence then ends without a last piece. Each iteration generates anew.
public struct TextStream: AsyncSequence, Sendable {
  public typealias Element = GeneratedPiece
  public typealias Failure = any Error

  /// Generates on the thread that calls it, and hands every piece to a body that returns whether to go on.
  typealias Generation =
    @Sendable (Interruption, _ body: @escaping @Sendable (GeneratedPiece) -> Bool) throws -> Void

  /// Pieces that wait for the reader at most.
  private static let capacity = 8

  private let generation: Generation

  init(_ generation: @escaping Generation) { self.generation = generation }

  public func makeAsyncIterator() -> Iterator { Iterator(generation) }

  /// Starts a generation, and ends it when the last copy of this goes.
  public struct Iterator: AsyncIteratorProtocol {
    private let run: Run

    fileprivate init(_ generation: @escaping Generation) {
      run = Run(capacity: TextStream.capacity, generation)
    }

    public mutating func next() async throws -> GeneratedPiece? {
      let run = run
      return try await withTaskCancellationHandler {
        try await run.channel.receive()
      } onCancel: {
        run.cancel()
      }
    }
  }

  /// One generation; it ends when nobody holds it any more.
  fileprivate final class Run: Sendable {
    let channel: TaskChannel<GeneratedPiece>
    private let interruption = Interruption()

    init(capacity: Int, _ generation: @escaping Generation) {
      let channel = TaskChannel<GeneratedPiece>(capacity: capacity)
      let interruption = interruption
      self.channel = channel
      let thread = OwnedThread {
        do {
          try generation(interruption) { channel.send($0) }
          channel.finish()
        } catch {
          channel.finish(throwing: error)
        }
      }
      guard let thread else {
        channel.finish(throwing: Errno.resourceTemporarilyUnavailable)
        return
      }
      thread.detach()
    }

    deinit { cancel() }

    func cancel() {
      interruption.interrupt()
      channel.cancel()
    }
  }
}
