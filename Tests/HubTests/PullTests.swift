import Foundation
import Hub
import SystemPackage
import TestSupport
import Testing

/// A cache of its own for a test.
struct TestHub {
  let folder: TemporaryFolder
  var environment: HubEnvironment

  init(_ server: HubServer, token: String? = nil) throws {
    folder = try TemporaryFolder()
    environment = HubEnvironment(["HF_ENDPOINT": server.address, "HOME": folder.path.string])
    environment.cache = folder.path.appending("hub")
    environment.token = token
    environment.firstPause = 0.01
  }

  func pull(_ reference: String = "org/model", connections: Int = 4) throws -> Pull {
    let pull = try Pull(HubReference(reference), in: environment)
    try pull.execute(connectionCount: connections)
    return pull
  }

  /// Every regular file of the cache by its path, but for locks.
  var tree: [String: [UInt8]] {
    get throws {
      let base = environment.cache.string
      var tree: [String: [UInt8]] = [:]
      for path in FileManager.default.subpaths(atPath: base) ?? [] where !path.hasSuffix(".lock") {
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: base + "/" + path, isDirectory: &isFolder)
        if !isFolder.boolValue { tree[path] = try readBytes(FilePath(base + "/" + path)) }
      }
      return tree
    }
  }

  /// What stands in the snapshot, by path.
  func snapshot() throws -> [String: [UInt8]] {
    let prefix = "models--org--model/snapshots/\(HubServer.commit)/"
    return Dictionary(
      uniqueKeysWithValues: try tree.filter { $0.key.hasPrefix(prefix) }
        .map { (String($0.key.dropFirst(prefix.count)), $0.value) })
  }
}

/// Bytes that look random and are the same each time; no two of their blocks are equal.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  var block = (0..<4096).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 33)
  }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + block.count)
  for number in 0..<(count + block.count - 1) / max(1, block.count) {
    withUnsafeBytes(of: number) { block.replaceSubrange(0..<8, with: $0) }
    bytes += block
  }
  return Array(bytes.prefix(count))
}

let modelFiles: [String: [UInt8]] = [
  "config.json": Array("{}".utf8),
  "empty.txt": [],
  "sub/folder/notes.txt": Array("hello".utf8),
  "model.safetensors": noise(5 << 20 | 12345),
  "small.safetensors": noise(3000, seed: 2),
]

struct PullTests {
  @Test("A pull leaves the files, links to blobs named by their digests, and the branch's commit")
  func layout() throws {
    let server = try HubServer(modelFiles)
    let hub = try TestHub(server)
    let pull = try hub.pull()
    #expect(try hub.snapshot() == modelFiles)
    #expect(pull.path.string.hasSuffix("models--org--model/snapshots/\(HubServer.commit)"))
    let repository = hub.environment.cache.appending("models--org--model")
    #expect(
      try readBytes(repository.appending("refs").appending("main")) == Array(HubServer.commit.utf8))
    for (path, bytes) in modelFiles {
      let link = try FileManager.default.destinationOfSymbolicLink(
        atPath: pull.path.string + "/" + path)
      let up = String(repeating: "../", count: path.split(separator: "/").count + 1)
      #expect(link == up + "blobs/" + server.digest(path))
      #expect(
        try readBytes(repository.appending("blobs").appending(server.digest(path))) == bytes)
    }
    let blobs = try FileManager.default.contentsOfDirectory(
      atPath: repository.appending("blobs").string)
    #expect(Set(blobs) == Set(modelFiles.keys.map(server.digest)))
  }

  @Test("What is in the cache is not fetched again, whoever put it there")
  func cached() throws {
    let server = try HubServer(modelFiles)
    let hub = try TestHub(server)
    _ = try hub.pull()
    let before = server.requests.count
    _ = try hub.pull()
    #expect(server.requests[before...].allSatisfy { !$0.isFile })
    // A blob that another commit brought needs only its link.
    try FileManager.default.removeItem(
      atPath: hub.environment.cache.string + "/models--org--model/snapshots")
    let sent = server.sentByteCount
    _ = try hub.pull()
    #expect(server.sentByteCount == sent)
    #expect(try hub.snapshot() == modelFiles)
  }

  @Test("Parts of a large file come over several connections at once")
  func ranges() throws {
    let bytes = noise(70 << 20)
    let server = try HubServer(["model.safetensors": bytes])
    let hub = try TestHub(server)
    _ = try hub.pull()
    #expect(try hub.snapshot()["model.safetensors"] == bytes)
    let ranges = server.requests.filter(\.isFile).compactMap { $0.fields["range"] }
    #expect(Set(ranges).count >= 3)
    #expect(server.sentByteCount == bytes.count)
  }

  @Test("Without links, snapshots hold the files themselves, once")
  func copies() throws {
    let server = try HubServer(modelFiles)
    var hub = try TestHub(server)
    hub.environment.usesLinks = false
    let pull = try hub.pull()
    #expect(try hub.snapshot() == modelFiles)
    let path = pull.path.string + "/model.safetensors"
    #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil)
    #expect(try hub.tree.keys.filter { $0.contains("/blobs/") }.isEmpty)
  }

  @Test("Without a network, what was pulled before is found, and nothing else")
  func offline() throws {
    let server = try HubServer(modelFiles)
    var hub = try TestHub(server)
    #expect(throws: HubError.self) {
      hub.environment.isOffline = true
      defer { hub.environment.isOffline = false }
      _ = try hub.pull()
    }
    _ = try hub.pull()
    let count = server.requests.count
    hub.environment.isOffline = true
    let pull = try hub.pull("org/model:model.safetensors")
    #expect(pull.isFromCache)
    #expect(try readBytes(pull.path) == modelFiles["model.safetensors"])
    #expect(throws: HubError.self) { try hub.pull("org/model:other.gguf") }
    #expect(server.requests.count == count)
    // A hub that is not there is no worse than one that is not asked.
    hub.environment.isOffline = false
    hub.environment.endpoint = "http://127.0.0.1:9"
    #expect(try hub.pull().isFromCache)
  }

  @Test("A blob that is not whole is fetched again")
  func truncatedBlob() throws {
    let server = try HubServer(modelFiles)
    let hub = try TestHub(server)
    let pull = try hub.pull()
    let path = pull.path.string + "/model.safetensors"
    try #require(truncate(path, 1000) == 0)
    #expect(
      try !Pull(HubReference("org/model"), in: hub.environment).isCached(
        #require(
          pull.files.first { $0.path == "model.safetensors" })))
    _ = try hub.pull()
    #expect(try hub.snapshot() == modelFiles)
  }

  @Test("A listing in pages is read to its end")
  func pages() throws {
    let digest = try HubServer(modelFiles).digest("config.json")
    @Sendable func page(_ path: String) -> String {
      #"[{"type":"file","path":"\#(path)","oid":"\#(digest)","size":2},{"type":"directory","path":"d"}]"#
    }
    let server = try HubServer(["a.json": Array("{}".utf8), "b.json": Array("{}".utf8)]) {
      request, _ in
      guard request.target.contains("/tree/") else { return nil }
      let isFirst = !request.target.contains("cursor")
      let text = page(isFirst ? "a.json" : "b.json")
      // The hub's own address, as a mirror hands it on.
      let next = "https://huggingface.co/api/models/org/model/tree/x?cursor=1"
      return .body(
        text,
        ["Content-Length: \(text.utf8.count)"] + (isFirst ? ["Link: <\(next)>; rel=\"next\""] : []))
    }
    let hub = try TestHub(server)
    #expect(try hub.pull().files.map(\.path) == ["a.json", "b.json"])
  }

  @Test("A hub that shows no tree is asked for its description, and each file for the rest")
  func siblings() throws {
    let server = try HubServer(modelFiles) { request, _ in
      request.target.contains("/tree/") ? .status(404, []) : nil
    }
    let hub = try TestHub(server)
    _ = try hub.pull()
    #expect(try hub.snapshot() == modelFiles)
  }

  @Test("A file that the commit lacks is noted as absent, for programs that would ask")
  func absent() throws {
    let server = try HubServer(modelFiles)
    let hub = try TestHub(server)
    let error = #expect(throws: HubError.self) { try hub.pull("org/model:none.json") }
    #expect(error?.reason == .noSuchFile("none.json"))
    #expect(try hub.tree["models--org--model/.no_exist/\(HubServer.commit)/none.json"] == [])
  }

  @Test("Files are copied out under their own paths; what differs there is not replaced unasked")
  func copiedOut() throws {
    let server = try HubServer(modelFiles)
    let hub = try TestHub(server)
    let pull = try hub.pull()
    let folder = hub.folder.path.appending("out")
    #expect(try pull.copy(to: folder) == folder)
    for (path, bytes) in modelFiles {
      #expect(try readBytes(FilePath(folder.string + "/" + path)) == bytes)
    }
    _ = try pull.copy(to: folder)
    try Data("other".utf8).write(to: URL(fileURLWithPath: folder.string + "/config.json"))
    #expect(throws: (any Error).self) { try pull.copy(to: folder) }
    _ = try pull.copy(to: folder, overwrite: true)
    #expect(try readBytes(folder.appending("config.json")) == modelFiles["config.json"])
  }
}
