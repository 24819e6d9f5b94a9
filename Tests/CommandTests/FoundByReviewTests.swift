import Foundation
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing

/// Things that went wrong once, as a user would meet them.
@Suite struct FoundByReviewTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { folder.path.appending(name).string }

  private func succeed(_ arguments: String...) throws {
    let program = try Program(arguments + ["--quiet"])
    #expect(program.status == 0, "\(arguments): \(program.errors)")
  }

  /// tiny-llama with biases in its attention, as some models of that class have.
  private func biasedFolder() throws -> [String: [UInt8]] {
    let source = FilePath(fixture("checkpoints/tiny-llama"))
    let file = try SafetensorsFile(source.appending("model.safetensors"))
    var contents: [String: [UInt8]] = [:]
    for tensor in file.tensors { contents[tensor.name] = Array(file.bytes(of: tensor)) }
    var infos = file.tensors.map { ($0.name, $0.type, $0.shape) }
    for layer in 0..<2 {
      for (name, count) in [("q_proj", 64), ("k_proj", 32), ("v_proj", 32), ("o_proj", 32)] {
        let bias = "model.layers.\(layer).self_attn.\(name).bias"
        infos.append((bias, .f32, try Shape([count])))
        let values = (0..<count).map { Float($0) / 64 - 0.3 }
        contents[bias] = values.withUnsafeBytes(Array.init)
      }
    }
    let layout = try SafetensorsLayout(metadata: ["format": "pt"], tensors: infos)
    var bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    for tensor in layout.tensors {
      let content = try #require(contents[tensor.name])
      bytes.replaceSubrange(tensor.offset..<tensor.offset + tensor.byteCount, with: content)
    }
    let target = folder.path.appending("biased")
    try FileManager.default.copyItem(atPath: source.string, toPath: target.string)
    try Data(bytes).write(
      to: URL(fileURLWithPath: target.appending("model.safetensors").string))
    let config = target.appending("config.json").string
    let text = try String(contentsOfFile: config, encoding: .utf8)
    try text.replacingOccurrences(
      of: "\"attention_bias\": false", with: "\"attention_bias\": true"
    ).write(toFile: config, atomically: true, encoding: .utf8)
    return contents
  }

  @Test("A llama with biases comes back from GGUF, each bias in its place")
  func biases() throws {
    let contents = try biasedFolder()
    try succeed("convert", path("biased"), path("m.gguf"))
    try succeed("convert", path("m.gguf"), path("back") + "/")
    try succeed("run", path("m.gguf"), "-p", "x", "-n", "2", "--seed", "1")
    let back = try SafetensorsCheckpoint(FilePath(path("back")))
    #expect(back.tensors.count == contents.count)
    for entry in back.tensors {
      #expect(Array(back.bytes(of: entry)) == contents[entry.tensor.name], "\(entry.tensor.name)")
    }
  }

  @Test("A folder that holds more than a checkpoint is not replaced")
  func foreignFiles() throws {
    let target = path("model")
    try succeed("convert", fixture("checkpoints/tiny-llama"), path("m.gguf"))
    try succeed("convert", path("m.gguf"), target + "/")
    try Data("mine".utf8).write(to: URL(fileURLWithPath: target + "/notes.txt"))
    let refused = try Program("convert", path("m.gguf"), target + "/", "--overwrite")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("notes.txt"))
    try FileManager.default.removeItem(atPath: target + "/notes.txt")
    try succeed("convert", path("m.gguf"), target + "/", "--overwrite")
  }

  @Test("A destination is the file that its path leads to, links and dots included")
  func linkedDestination() throws {
    let manager = FileManager.default
    try manager.createDirectory(atPath: path("d1/d2"), withIntermediateDirectories: true)
    try manager.createSymbolicLink(atPath: path("link"), withDestinationPath: path("d1/d2"))
    try succeed("convert", fixture("checkpoints/tiny-llama"), path("link") + "/../z.gguf")
    #expect(manager.fileExists(atPath: path("d1/z.gguf")))
    #expect(!manager.fileExists(atPath: path("z.gguf")))
    try manager.createSymbolicLink(atPath: path("to.gguf"), withDestinationPath: path("d1/z.gguf"))
    try succeed(
      "quantize", fixture("checkpoints/tiny-llama"), path("to.gguf"), "--type", "Q8_0",
      "--overwrite")
    let kind = try manager.attributesOfItem(atPath: path("to.gguf"))[.type] as? FileAttributeType
    #expect(kind == .typeSymbolicLink)
    try manager.createSymbolicLink(atPath: path("void.gguf"), withDestinationPath: path("nowhere"))
    let dangling = try Program("convert", fixture("checkpoints/tiny-llama"), path("void.gguf"))
    #expect(dangling.status == 1)
    #expect(dangling.errors.contains("follow the link"))
  }

  @Test("What a kill left of a replaced folder does not stand in the way")
  func staleReplaced() throws {
    try succeed("convert", fixture("checkpoints/tiny-llama"), path("m.gguf"))
    try succeed("convert", path("m.gguf"), path("k") + "/")
    try FileManager.default.createDirectory(
      atPath: path("k.quern-replaced/x"), withIntermediateDirectories: true)
    try succeed("convert", path("m.gguf"), path("k") + "/", "--overwrite")
    #expect(try folder.names == ["k", "m.gguf"])
  }

  #if os(Linux)
    @Test("Output that cannot be written is an error")
    func fullDisk() throws {
      let shell = Process()
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      let quern = try Program.executable.path
      shell.arguments = [
        "-c",
        "'\(quern)' inspect '\(fixture("checkpoints/tiny-llama"))' --json >/dev/full 2>/dev/null",
      ]
      try shell.run()
      shell.waitUntilExit()
      #expect(shell.terminationStatus == 1)
    }

    @Test("A pipe where a file should be is refused, not waited for")
    func pipe() throws {
      #expect(mkfifo(path("p.gguf"), 0o600) == 0)
      let program = try Program("inspect", path("p.gguf"))
      #expect(program.status == 1)
      #expect(program.errors.contains("not a regular file"))
    }
  #endif

  @Test("One missing path does not hide the verdicts on the others")
  func missingAmongOthers() throws {
    let program = try Program(
      "verify", fixture("checkpoints/tiny-llama"), path("missing.gguf"), "--json")
    #expect(program.status == 1)
    let files = try #require(try program.json()["files"] as? [[String: Any]])
    #expect(files.map { $0["intact"] as? Bool } == [true, false])
  }

  @Test("Bytes after the last tensor are found")
  func trailingBytes() throws {
    try succeed("convert", fixture("checkpoints/tiny-llama"), path("m.gguf"))
    let bytes = try readBytes(FilePath(path("m.gguf")))
    _ = try folder.write(bytes + [UInt8](repeating: 9, count: 100), as: "m.gguf")
    let program = try Program("verify", path("m.gguf"))
    #expect(program.status == 1)
    #expect(program.output.contains("after the last tensor"))
  }

  @Test("A word among token ids is refused")
  func wordAmongIDs() throws {
    let program = try Program(
      "tokenize", fixture("checkpoints/tiny-llama"), "--decode", "1 2 x")
    #expect(program.status == 1)
    #expect(program.errors.contains("found x"))
  }
}
