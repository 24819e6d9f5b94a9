import Foundation
import Hub
import SystemPackage
import Synchronization
import TestSupport
import Testing

/// Servers that fail: in the end the file is right, or there is none.
struct FaultTests {
  /// A fault that happens to the first requests for files.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var times = 3
    let fault: HubServer.Fault
  }

  static let passing = [
    Case(testDescription: "the connection drops", fault: .drop(after: 300_000)),
    Case(testDescription: "the connection drops before the first byte", fault: .drop(after: 0)),
    Case(testDescription: "the body is short", fault: .short(1_500_000)),
    Case(testDescription: "another range comes", fault: .shiftedRange(100)),
    Case(
      testDescription: "429 with Retry-After", times: 1, fault: .status(429, ["Retry-After: 1"])),
    Case(
      testDescription: "429 with the hub's own field", times: 1,
      fault: .status(429, [#"RateLimit: "resolvers";r=0;t=1"#])),
    Case(testDescription: "503", fault: .status(503, [])),
    Case(testDescription: "500", fault: .status(500, [])),
    Case(testDescription: "a body that never ends", times: 1, fault: .endless),
    Case(testDescription: "a byte is another", times: 1, fault: .corrupt(at: 2_000_000)),
    Case(testDescription: "ranges are ignored", times: .max, fault: .ignoredRange),
    Case(testDescription: "every connection drops", times: .max, fault: .drop(after: 700_000)),
    Case(testDescription: "a slow line", times: 5, fault: .slow(0.01)),
    Case(
      testDescription: "a packed body", times: 2,
      fault: .body("x", ["Content-Encoding: gzip", "Content-Length: 1"])),
  ]

  private static let files = ["model.safetensors": noise(3 << 20 | 77)]

  private static func server(_ example: Case) throws -> HubServer {
    let count = Atomic64()
    return try HubServer(files) { request, _ in
      request.isFile && count.next() < example.times ? example.fault : nil
    }
  }

  @Test("A failure that passes is overcome, and the file is the hub's", arguments: passing)
  func overcome(_ example: Case) throws {
    let server = try Self.server(example)
    let hub = try TestHub(server)
    _ = try hub.pull()
    #expect(try hub.snapshot() == Self.files)
  }

  static let lasting = [
    Case(testDescription: "a byte is always another", times: .max, fault: .corrupt(at: 2_000_000)),
    Case(testDescription: "bodies that never end", times: .max, fault: .endless),
    Case(testDescription: "403", times: .max, fault: .status(403, ["X-Error-Message: no"])),
    Case(testDescription: "404", times: .max, fault: .status(404, ["X-Error-Code: EntryNotFound"])),
    Case(testDescription: "another file", times: .max, fault: .status(410, [])),
    Case(
      testDescription: "a wait of an hour", times: .max,
      fault: .status(429, ["Retry-After: 3600"])),
    Case(testDescription: "a redirect to nowhere", times: .max, fault: .redirect(to: "ftp://x/y")),
    Case(
      testDescription: "the digest of another file", times: .max,
      fault: .body("", ["X-Linked-Etag: \"\(String(repeating: "b", count: 64))\""])),
    Case(
      testDescription: "another commit", times: .max,
      fault: .body("", ["X-Repo-Commit: \(String(repeating: "b", count: 40))"])),
  ]

  @Test("A failure that lasts is one error, and nothing has the file's name", arguments: lasting)
  func refused(_ example: Case) throws {
    let server = try Self.server(example)
    let hub = try TestHub(server)
    let error = #expect(throws: HubError.self) { try hub.pull() }
    #expect(error?.description.contains("\n") == false)
    #expect(try hub.snapshot().isEmpty)
    let names = try hub.tree.keys.filter { $0.contains("/blobs/") }
    #expect(!names.contains { $0.hasSuffix("/" + server.digest("model.safetensors")) })
    #expect(try hub.tree["models--org--model/refs/main"] == nil)
  }

  @Test("A redirect that leads in circles ends")
  func circle() throws {
    let server = try HubServer(Self.files) { request, _ in
      request.isFile ? .redirect(to: request.target) : nil
    }
    let hub = try TestHub(server)
    let error = #expect(throws: HubError.self) { try hub.pull(connections: 1) }
    #expect(error?.description.contains("redirects") == true)
    #expect(server.requests.count < 50)
  }

  @Test("The token goes to the hub and to no other host, nor into an error")
  func token() throws {
    let elsewhere = try HubServer(Self.files)
    let server = try HubServer(Self.files) { request, _ in
      request.isFile
        ? .redirect(to: elsewhere.address + "/cdn/model.safetensors?signature=s3cret") : nil
    }
    let hub = try TestHub(server, token: "hf_t0ken")
    _ = try hub.pull()
    #expect(try hub.snapshot() == Self.files)
    #expect(server.requests.allSatisfy { $0.hasToken })
    #expect(!elsewhere.requests.isEmpty)
    #expect(elsewhere.requests.allSatisfy { !$0.hasToken })

    let refusing = try HubServer(Self.files) { _, _ in .status(418, []) }
    let away = try HubServer(Self.files) { request, _ in
      request.isFile ? .redirect(to: refusing.address + "/cdn/x?signature=s3cret") : nil
    }
    let other = try TestHub(away, token: "hf_t0ken")
    let error = #expect(throws: HubError.self) { try other.pull() }
    let text = (error?.description ?? "") + (error?.advice ?? "")
    #expect(!text.contains("hf_t0ken") && !text.contains("s3cret"))
  }

  @Test("An address that ran out is asked for again")
  func expired() throws {
    let count = Atomic64()
    let elsewhere = try HubServer(["model.safetensors": noise(40 << 20)]) { _, _ in
      count.next() == 1 ? .status(403, []) : nil
    }
    let server = try HubServer(elsewhere.files) { request, _ in
      request.isFile ? .redirect(to: elsewhere.address + "/cdn/model.safetensors") : nil
    }
    let hub = try TestHub(server)
    _ = try hub.pull(connections: 1)
    #expect(try hub.snapshot() == elsewhere.files)
    #expect(server.requests.filter(\.isFile).count == 2)
  }

  @Test("A file that changes under its address is noticed")
  func changed() throws {
    let files = ["model.safetensors": noise(40 << 20)]
    let count = Atomic64()
    let elsewhere = try HubServer(files) { _, _ in
      count.next() == 0 ? nil : .body("x", ["ETag: \"other\"", "Content-Range: bytes 0-0/1"])
    }
    let server = try HubServer(files) { request, _ in
      request.isFile ? .redirect(to: elsewhere.address + "/cdn/model.safetensors") : nil
    }
    let hub = try TestHub(server)
    #expect(throws: HubError.self) { try hub.pull(connections: 1) }
    #expect(try hub.snapshot().isEmpty)
    #expect(elsewhere.requests.dropFirst().contains { $0.fields["if-range"] != nil })
  }

  @Test("What one connection cannot have ends the others too, wherever they are")
  func endsTogether() throws {
    let files = ["large.safetensors": noise(20 << 20), "none.safetensors": noise(2000)]
    let server = try HubServer(files) { request, _ in
      guard request.isFile else { return nil }
      return request.target.contains("none")
        ? .status(404, ["X-Error-Code: EntryNotFound"]) : .slow(0.2)
    }
    let hub = try TestHub(server)
    let start = ContinuousClock.now
    let error = #expect(throws: HubError.self) { try hub.pull(connections: 2) }
    #expect(error?.reason == .noSuchFile("none.safetensors"))
    // The large file alone takes more than a minute.
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test("Two pulls at once fetch every file once, and both have it")
  func together() async throws {
    let server = try HubServer(modelFiles) { request, _ in request.isFile ? .slow(0.005) : nil }
    let hub = try TestHub(server)
    let pull = try Pull(HubReference("org/model"), in: hub.environment)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<2 { group.addTask { _ = try pull.execute(connectionCount: 3) } }
      try await group.waitForAll()
    }
    #expect(try hub.snapshot() == modelFiles)
    #expect(server.sentByteCount == modelFiles.values.reduce(0) { $0 + $1.count })
  }
}

/// A number that several threads take in turn.
final class Atomic64: Sendable {
  private let value = Atomic(0)
  func next() -> Int { value.add(1, ordering: .relaxed).oldValue }
}
