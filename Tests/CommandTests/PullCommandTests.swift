import Foundation
import TestSupport
import Testing

/// `quern pull`, and `hf:` where a model is wanted, against a hub on this machine.
struct PullCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func environment(_ server: HubServer) -> [String: String] {
    [
      "HF_ENDPOINT": server.address, "HF_HUB_CACHE": folder.path.appending("hub").string,
      "HF_TOKEN": "hf_t0ken", "HF_HUB_OFFLINE": "0",
    ]
  }

  private var snapshot: String {
    folder.path.appending("hub").string + "/models--org--model/snapshots/\(HubServer.commit)"
  }

  private static func checkpoint() throws -> [String: [UInt8]] {
    let folder = fixture("checkpoints/tiny-llama")
    return Dictionary(
      uniqueKeysWithValues: try FileManager.default.contentsOfDirectory(atPath: folder).map {
        ($0, [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/" + $0))))
      })
  }

  @Test("A pull prints the path alone on standard output, and never the token")
  func prints() throws {
    let server = try HubServer(["a.gguf": Array(repeating: 7, count: 5000)])
    let program = try Program("pull", "org/model:a.gguf", environment: environment(server))
    #expect(program.status == 0, "\(program.errors)")
    #expect(program.output == snapshot + "/a.gguf\n")
    #expect(!program.errors.contains("hf_t0ken"))
    let quiet = try Program("pull", "org/model:a.gguf", "-q", environment: environment(server))
    #expect(quiet.output == program.output)
    #expect(quiet.errors.isEmpty)
  }

  @Test("--json tells files, digests and what was left out; --dry-run fetches nothing")
  func json() throws {
    var files = try Self.checkpoint()
    files["pytorch_model.bin"] = [1, 2, 3]
    let server = try HubServer(files)
    let dry = try Program(
      "pull", "org/model", "--dry-run", "--json", environment: environment(server))
    #expect(server.requests.allSatisfy { !$0.isFile })
    #expect(!FileManager.default.fileExists(atPath: folder.path.appending("hub").string))
    let plan = try dry.json()
    let left = try #require(plan["left_out"] as? [[String: Any]])
    #expect(left.map { $0["path"] as? String } == ["pytorch_model.bin"])
    let done = try Program("pull", "org/model", "--json", environment: environment(server)).json()
    #expect(done["commit"] as? String == HubServer.commit)
    #expect(done["path"] as? String == snapshot)
    #expect(done["downloaded_bytes"] as? Int == plan["bytes"] as? Int)
    let entries = try #require(done["files"] as? [[String: Any]])
    for entry in entries {
      let path = try #require(entry["path"] as? String)
      #expect((entry["sha256"] ?? entry["git_blob"]) as? String == server.digest(path))
    }
  }

  @Test("hf:ORG/NAME is a source like the folder that it is a copy of")
  func source() throws {
    let server = try HubServer(Self.checkpoint())
    let local = folder.path.appending("local.gguf").string
    let remote = folder.path.appending("remote.gguf").string
    let type = ["--type", "Q8_0", "-q"]
    let expected = try Program(["quantize", fixture("checkpoints/tiny-llama"), local] + type)
    #expect(expected.status == 0, "\(expected.errors)")
    let pulled = try Program(
      ["quantize", "hf:org/model", remote] + type, environment: environment(server))
    #expect(pulled.status == 0, "\(pulled.errors)")
    func tensors(_ path: String) throws -> NSArray {
      let report = try Program("inspect", path, "--json").json()
      let tensors = try #require(report["tensors"] as? [[String: Any]])
      return tensors.map { tensor in tensor.filter { $0.key != "offset" } } as NSArray
    }
    #expect(try tensors(remote) == tensors(local))
    let metadata = try Program("inspect", remote, "--json").json()["metadata"] as? [String: Any]
    #expect(metadata?["general.name"] as? String == "Model")
    for command in [["inspect", "hf:org/model"], ["verify", "hf:org/model"]] {
      let program = try Program(command, environment: environment(server))
      #expect(program.status == 0, "\(program.errors)")
    }
  }

  @Test("What cannot be used is not fetched first")
  func unusable() throws {
    let server = try HubServer(Self.checkpoint())
    let program = try Program("run", "hf:org/model", "-p", "x", environment: environment(server))
    #expect(program.status == 1)
    #expect(program.errors.hasPrefix("quern: hf:org/model: expected a GGUF to run\n"))
    #expect(server.requests.allSatisfy { !$0.isFile })
  }

  @Test("A file of the hub is a source by its type")
  func sourceByType() throws {
    let local = folder.path.appending("tiny-Q8_0.gguf").string
    let made = try Program(
      "quantize", fixture("checkpoints/tiny-llama"), local, "--type", "Q8_0", "-q")
    #expect(made.status == 0, "\(made.errors)")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: local)))
    let server = try HubServer(["tiny-Q8_0.gguf": bytes, "tiny-F16.gguf": [1]])
    let program = try Program(
      "tokenize", "hf:org/model:q8_0", "hello", "--json", environment: environment(server))
    #expect(program.status == 0, "\(program.errors)")
    #expect(
      try program.json()["ids"] as? [Int] == Program("tokenize", local, "hello", "--json").json()[
        "ids"] as? [Int])
    let unknown = try Program(
      "pull", "org/model:Q2_K", environment: environment(server))
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("tiny-F16.gguf, tiny-Q8_0.gguf"))
  }

  @Test("What names no model is wrong usage; what is not there is one line and advice")
  func wrong() throws {
    let server = try HubServer([:]) { _, _ in .status(401, ["X-Error-Code: RepoNotFound"]) }
    #expect(try Program("pull", "a/b/c").status == 64)
    #expect(try Program("pull", "a/b@v1", "--revision", "v2").status == 64)
    let program = try Program("pull", "org/none", environment: environment(server))
    #expect(program.status == 1)
    #expect(
      program.errors.split(separator: "\n") == [
        "quern: org/none: no such repository, or one that is private",
        "  check the name, and that the token may read it",
      ])
  }

  @Test(
    "A disk without room is one line before anything comes, and with room the same command goes on",
    .enabled(if: SmallDisk.isPossible, "mounting a tmpfs needs root on Linux"))
  func fullDisk() throws {
    let disk = try SmallDisk()
    let bytes = [UInt8](repeating: 7, count: 3 << 20)
    let server = try HubServer(["m.gguf": bytes])
    let environment = environment(server).merging(["HF_HUB_CACHE": disk.path + "/hub"]) { $1 }
    let program = try Program("pull", "org/model", environment: environment)
    #expect(program.status == 1)
    let lines = program.errors.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first?.contains("not enough room in \(disk.path)/hub/") == true)
    #expect(server.requests.allSatisfy { !$0.isFile })
    try disk.resize(to: "8m")
    let again = try Program("pull", "org/model", environment: environment)
    #expect(again.status == 0, "\(again.errors)")
    let path = again.output.trimmingCharacters(in: .newlines)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
  }

  @Test(
    "A pull that is killed or interrupted leaves no file under its name, and the next goes on",
    arguments: [SIGKILL, SIGINT, SIGTERM])
  func killed(signal: Int32) throws {
    let bytes = (0..<12 << 20).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    let server = try HubServer(["m.gguf": bytes]) { request, _ in
      request.isFile ? .slow(0.01) : nil
    }
    let process = Process()
    process.executableURL = try Program.executable
    process.arguments = ["pull", "org/model", "-q"]
    process.environment = ProcessInfo.processInfo.environment
      .merging(environment(server)) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while server.sentByteCount < 4 << 20, process.isRunning { usleep(5000) }
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    if signal == SIGKILL {
      #expect(process.terminationReason == .uncaughtSignal)
    } else {
      #expect(process.terminationStatus == 128 + signal)
    }
    #expect(!FileManager.default.fileExists(atPath: snapshot + "/m.gguf"))
    let before = server.sentByteCount
    let again = try Program("pull", "org/model", environment: environment(server))
    #expect(again.status == 0, "\(again.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: snapshot + "/m.gguf")) == Data(bytes))
    #expect(server.sentByteCount - before < bytes.count)
  }
}
