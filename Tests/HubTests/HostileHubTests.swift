import Hub
import TestSupport
import Testing

/// Answers of a hub that would have us write elsewhere, or without end.
struct HostileHubTests {
  private static let commit = HubServer.commit
  private static let blob = String(repeating: "a", count: 40)

  private static func entry(_ path: String, size: String = "3", oid: String = blob) -> String {
    #"[{"type":"file","path":"\#(path)","oid":"\#(oid)","size":\#(size)}]"#
  }

  static let trees = [
    entry("../../evil"), entry("/etc/passwd"), entry("a/../../b"), entry("a//b"), entry("."),
    entry("a/./b"), entry(""), entry("a\\u0000b"), entry("a\\nb"),
    entry(String(repeating: "x", count: 300)), entry("a", oid: "../../x"), entry("a", oid: "abc"),
    entry("a", oid: "G" + blob.dropFirst()), entry("a", size: "-1"),
    entry("a", size: "9223372036854775807"), entry("a", size: "99999999999999999999999"),
    entry("a", size: "1e300"), entry("a", size: #""12""#), "{}", "[", "null", "[1]", "",
    String(repeating: "[", count: 100_000),
    #"[{"type":"file","path":"a","oid":"\#(blob)","size":1,"lfs":{"oid":"..","size":1}}]"#,
  ]

  @Test("A listing that is not one, or leads outside, is refused before any file", arguments: trees)
  func refused(tree: String) throws {
    let server = try HubServer([:]) { request, _ in
      request.target.contains("/tree/") ? .body(tree, ["Content-Length: \(tree.utf8.count)"]) : nil
    }
    let hub = try TestHub(server)
    #expect(throws: HubError.self) { try hub.pull() }
    #expect(server.requests.allSatisfy { !$0.isFile })
    #expect(try hub.tree.isEmpty)
  }

  @Test(
    "A commit that is no commit is refused",
    arguments: [#"{"sha":"../../x"}"#, #"{"sha":null}"#, "{}", #"{"sha":"main"}"#, "not JSON"])
  func badCommit(info: String) throws {
    let server = try HubServer([:]) { request, _ in
      request.target.contains("/revision/")
        ? .body(info, ["Content-Length: \(info.utf8.count)"]) : nil
    }
    let hub = try TestHub(server)
    #expect(throws: HubError.self) { try hub.pull() }
    #expect(try hub.tree.isEmpty)
  }

  @Test("A listing without end is cut off", arguments: [false, true])
  func endless(inPages: Bool) throws {
    let server = try HubServer([:]) { request, number in
      guard request.target.contains("/tree/") else { return nil }
      let entry = Self.entry("a\(number)")
      let next = "/api/models/org/model/tree/\(Self.commit)?page=\(number % 50)"
      return inPages
        ? .body(entry, ["Content-Length: \(entry.utf8.count)", "Link: <\(next)>; rel=\"next\""])
        : .endless
    }
    let hub = try TestHub(server)
    #expect(throws: HubError.self) { try hub.pull() }
  }

  @Test("The next page of a listing on another host is not asked")
  func foreignPage() throws {
    let elsewhere = try HubServer([:])
    let server = try HubServer([:]) { request, _ in
      let entry = Self.entry("a")
      return request.target.contains("/tree/")
        ? .body(
          entry,
          [
            "Content-Length: \(entry.utf8.count)",
            "Link: <\(elsewhere.address)/api/models/x>; rel=\"next\"",
          ]) : nil
    }
    let hub = try TestHub(server, token: "hf_t0ken")
    #expect(throws: HubError.self) { try hub.pull() }
    #expect(elsewhere.requests.isEmpty)
  }

  @Test("A file too large for the disk is refused before any of it comes")
  func tooLarge() throws {
    let tree = Self.entry("model.safetensors", size: "1000000000000000")
    let server = try HubServer([:]) { request, _ in
      request.target.contains("/tree/") ? .body(tree, ["Content-Length: \(tree.utf8.count)"]) : nil
    }
    let hub = try TestHub(server)
    let error = #expect(throws: HubError.self) { try hub.pull() }
    guard case .noRoom(_, 1_000_000_000_000_000, _) = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(server.requests.allSatisfy { !$0.isFile })
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let status: Int
    let fields: [String]
    let token: String?
    let expected: HubError.Reason
    var testDescription: String { "\(status) \(fields) \(token ?? "")" }
  }

  static let refusals = [
    Refusal(
      status: 401, fields: ["X-Error-Code: RepoNotFound"], token: nil,
      expected: .noSuchRepository(tokenWasSent: false)),
    Refusal(
      status: 404, fields: ["X-Error-Code: RepoNotFound"], token: "t",
      expected: .noSuchRepository(tokenWasSent: true)),
    Refusal(
      status: 401, fields: ["X-Error-Message: Invalid credentials in Authorization header"],
      token: "t", expected: .tokenRefused),
    Refusal(
      status: 404, fields: ["X-Error-Code: RevisionNotFound"], token: nil,
      expected: .noSuchRevision("main")),
    Refusal(
      status: 403, fields: ["X-Error-Message: off limits"], token: "t",
      expected: .forbidden("off limits")),
    Refusal(status: 404, fields: [], token: nil, expected: .noSuchRepository(tokenWasSent: false)),
  ]

  @Test("A refusal of the hub says why, and what to do", arguments: refusals)
  func says(_ refusal: Refusal) throws {
    let server = try HubServer([:]) { _, _ in .status(refusal.status, refusal.fields) }
    let hub = try TestHub(server, token: refusal.token)
    let error = #expect(throws: HubError.self) { try hub.pull() }
    #expect(error?.reason == refusal.expected)
  }

  @Test("A gated repository names the page to ask at")
  func gated() throws {
    let server = try HubServer(modelFiles) { request, _ in
      request.isFile ? .status(403, ["X-Error-Code: GatedRepo"]) : nil
    }
    let hub = try TestHub(server)
    let error = #expect(throws: HubError.self) { try hub.pull() }
    #expect(
      error?.reason == .gated(tokenWasSent: false, page: "\(server.address)/org/model"))
    #expect(error?.advice?.contains("HF_TOKEN") == true)
  }
}
