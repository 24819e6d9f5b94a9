import Synchronization
import Testing
import Workers

@Suite(.timeLimit(.minutes(1))) struct TaskChannelTests {
  private struct Broken: Error {}

  @Test("Values arrive in order, then the end")
  func order() async throws {
    let channel = TaskChannel<Int>(capacity: 3)
    let sender = try #require(
      OwnedThread {
        for value in 0..<100 { channel.send(value) }
        channel.finish()
      })
    var received: [Int] = []
    while let value = try await channel.receive() { received.append(value) }
    sender.join()
    #expect(received == Array(0..<100))
    #expect(!channel.send(1))
    #expect(try await channel.receive() == nil)
  }

  @Test("A sender is never further ahead than the capacity")
  func pressure() async throws {
    let channel = TaskChannel<Int>(capacity: 2)
    let sent = Mutex(0)
    let sender = try #require(
      OwnedThread {
        for value in 0..<50 where channel.send(value) { sent.withLock { $0 = value + 1 } }
        channel.finish()
      })
    var received = 0
    while try await channel.receive() != nil {
      received += 1
      try await Task.sleep(for: .milliseconds(1))
      // What waits, and one that was handed over meanwhile.
      #expect(sent.withLock { $0 } <= received + 3)
    }
    sender.join()
    #expect(received == 50)
  }

  @Test("An error comes after what was sent before it")
  func failure() async throws {
    let channel = TaskChannel<Int>(capacity: 2)
    channel.send(7)
    channel.finish(throwing: Broken())
    #expect(try await channel.receive() == 7)
    await #expect(throws: Broken.self) { try await channel.receive() }
  }

  @Test("Cancelling frees a sender that waits, and forgets what it sent")
  func cancelled() async throws {
    let channel = TaskChannel<Int>(capacity: 1)
    let sender = try #require(OwnedThread { while channel.send(1) {} })
    #expect(try await channel.receive() == 1)
    channel.cancel()
    sender.join()
    #expect(try await channel.receive() == nil)
  }
}
