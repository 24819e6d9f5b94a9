import Foundation
import SystemPackage
import TestSupport
import Testing

/// Sets of GGUF files through the commands.
@Suite struct SplitCommandTests {
  let folder: TemporaryFolder

  /// A tiny model as one file and in parts.
  init() throws {
    folder = try TemporaryFolder()
    try run("convert", fixture("checkpoints/tiny-llama"), path("m.gguf"))
    let made = try run("convert", path("m.gguf"), path("s.gguf"), "--max-shard-tensors", "8")
    #expect(made["destination"] as? String == path(parts[0]))
  }

  private func path(_ name: String) -> String { folder.path.appending(name).string }

  private var parts: [String] { (try? folder.names.filter { $0.hasPrefix("s-") }) ?? [] }

  @discardableResult private func run(_ arguments: String...) throws -> [String: Any] {
    let program = try Program(arguments + ["--json", "--quiet"])
    #expect(program.status == 0, "\(arguments): \(program.errors)")
    return try program.json()
  }

  @Test("A set is inspected as one model, with its number of files")
  func inspect() throws {
    let single = try run("inspect", path("m.gguf"))
    let set = try run("inspect", path(parts[1]))
    for key in ["architecture", "parameters", "bits_per_weight"] {
      #expect("\(single[key] ?? "")" == "\(set[key] ?? "?")")
    }
    // Each file seals its own bytes.
    let metadata = [single, set].map { file in
      (file["metadata"] as? [String: Any])?.filter { !$0.key.hasPrefix("quern.seal.") }
    }
    #expect(metadata[0] as NSDictionary? == metadata[1] as NSDictionary?)
    #expect(single["files"] as? Int == 1)
    #expect(set["files"] as? Int == parts.count)
    let tensors = try #require(set["tensors"] as? [[String: Any]])
    #expect(Set(tensors.compactMap { $0["file"] as? String }) == Set(parts))
    let text = try Program("inspect", path(parts[0]))
    #expect(text.output.contains(" in \(parts.count) files\n"))
  }

  @Test("A set tokenizes, answers and is verified as its single file")
  func use() throws {
    let tokens = try [path("m.gguf"), path(parts[1])].map {
      try #require(try run("tokenize", $0, "Hello, world")["ids"] as? [Int])
    }
    #expect(tokens[0] == tokens[1])
    let answers = try [path("m.gguf"), path(parts[2])].map {
      try #require(
        try run("run", $0, "-p", "Hello", "-n", "8", "--temperature", "0")["text"] as? String)
    }
    #expect(answers[0] == answers[1])
    let verified = try run("verify", path(parts[1]))
    let files = try #require(verified["files"] as? [[String: Any]])
    #expect(files.compactMap { $0["path"] as? String } == parts.map(path))
  }

  @Test("A folder is split by its number of tensors too, and becomes the same GGUF again")
  func folderShards() throws {
    try run("convert", path("m.gguf"), path("f") + "/", "--max-shard-tensors", "8")
    let shards = try FileManager.default.contentsOfDirectory(atPath: path("f"))
      .filter { $0.hasSuffix(".safetensors") }
    #expect(shards.count == 3)
    for shard in shards {
      let inspected = try run("inspect", path("f/\(shard)"))
      #expect((inspected["tensors"] as? [Any])?.count ?? 0 <= 8)
    }
    #expect(try run("inspect", path("f"))["files"] as? Int == 3)
  }

  @Test("A missing part is an error of one line that names it")
  func missing() throws {
    let lost = parts[1]
    let count = parts.count
    try FileManager.default.removeItem(atPath: path(lost))
    let program = try Program("convert", path(parts[0]), path("out.gguf"))
    #expect(program.status == 1)
    #expect(program.errors == "quern: \(path(lost)): part 2 of \(count) is missing\n")
    #expect(try Program("verify", path(parts[0])).status == 1)
  }

  @Test("Limits that make no sense are wrong usage")
  func usage() throws {
    for arguments in [["--max-shard-tensors", "0"], ["--max-shard-size", "0"]] {
      let program = try Program(["convert", path("m.gguf"), path("out.gguf")] + arguments)
      #expect(program.status == 64)
    }
  }
}
