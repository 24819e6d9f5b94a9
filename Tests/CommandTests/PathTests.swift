import Foundation
import SystemPackage
import TestSupport
import Testing

/// The whole path of a checkpoint through the commands.
@Suite struct PathTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { folder.path.appending(name).string }

  /// Runs a command that must succeed, and returns what `--json` prints.
  @discardableResult private func run(_ arguments: String...) throws -> [String: Any] {
    let program = try Program(arguments + ["--json", "--quiet"])
    #expect(program.status == 0, "\(arguments): \(program.errors)")
    return try program.json()
  }

  @Test(
    "Folder to GGUF to folder to GGUF returns every tensor byte",
    arguments: ["checkpoints/tiny-llama", "checkpoints/tiny-qwen2"])
  func roundTrip(name: String) throws {
    try run("convert", fixture(name), path("first.gguf"))
    try run("convert", path("first.gguf"), path("folder") + "/")
    try run("convert", path("folder"), path("second.gguf"))
    let first = try run("inspect", path("first.gguf"))
    let second = try run("inspect", path("second.gguf"))
    let firstTensors = try #require(first["tensors"] as? [[String: Any]])
    let secondTensors = try #require(second["tensors"] as? [[String: Any]])
    let firstBytes = try readBytes(FilePath(path("first.gguf")))
    let secondBytes = try readBytes(FilePath(path("second.gguf")))
    func data(_ tensors: [[String: Any]], _ bytes: [UInt8]) throws -> [String: [UInt8]] {
      var data: [String: [UInt8]] = [:]
      for tensor in tensors {
        let name = try #require(tensor["name"] as? String)
        let offset = try #require(tensor["offset"] as? Int)
        let count = try #require(tensor["bytes"] as? Int)
        data[name] = Array(bytes[offset..<offset + count])
      }
      return data
    }
    #expect(!firstTensors.isEmpty)
    #expect(try data(firstTensors, firstBytes) == data(secondTensors, secondBytes))
  }

  @Test(
    "A folder is quantized in one pass, verified and run",
    arguments: ["checkpoints/tiny-llama", "checkpoints/tiny-qwen2"])
  func quantizeAndRun(name: String) throws {
    let planned = try run(
      "quantize", fixture(name), path("q.gguf"), "--type", "q4_k_m", "--dry-run")
    #expect(try folder.names == [])
    #expect(planned["seconds"] == nil)
    let made = try run("quantize", fixture(name), path("q.gguf"), "--type", "q4_k_m")
    #expect(made["bytes"] as? Int == planned["bytes"] as? Int)
    #expect(made["bytes"] as? Int == (try readBytes(FilePath(path("q.gguf")))).count)
    #expect(made["seconds"] is Double)
    let verified = try run("verify", fixture(name), path("q.gguf"))
    #expect(verified["intact"] as? Bool == true)
    let answer = try run(
      "run", path("q.gguf"), "-p", "Hello", "-n", "8", "--seed", "7", "--temperature", "0.9")
    #expect(answer["new_tokens"] as? Int == 8)
    let again = try run(
      "run", path("q.gguf"), "-p", "Hello", "-n", "8", "--seed", "7", "--temperature", "0.9",
      "--threads", "3")
    #expect(answer["text"] as? String == again["text"] as? String)
  }

  @Test("Tokens decode to the text they came from")
  func tokens() throws {
    let text = "Grüße, 磨!\n  42 <|im_end|>"
    let encoded = try run("tokenize", fixture("checkpoints/tiny-qwen2"), text)
    let ids = try #require(encoded["ids"] as? [Int])
    let decoded = try run(
      "tokenize", fixture("checkpoints/tiny-qwen2"), "--decode",
      ids.map(String.init).joined(separator: " "))
    #expect(decoded["prompt"] as? String == text)
    let piped = try Program(
      ["tokenize", fixture("checkpoints/tiny-qwen2"), "--json"], input: text)
    #expect(try piped.json()["ids"] as? [Int] == ids)
  }

  @Test("A chat file becomes the prompt that the template makes")
  func chatFile() throws {
    let messages = try folder.write(
      Array(#"[{"role":"user","content":"Hi"}]"#.utf8), as: "messages.json")
    let rendered = try run(
      "tokenize", fixture("checkpoints/tiny-llama"), "--chat", messages.string)
    let prompt = try #require(rendered["prompt"] as? String)
    #expect(prompt.hasSuffix("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"))
  }

  @Test("A stop string ends the text before it, and a bias decides what comes")
  func stopAndBias() throws {
    try run("convert", fixture("checkpoints/tiny-llama"), path("m.gguf"))
    let tokens = try run("tokenize", path("m.gguf"), "ab")
    let token = try #require((tokens["ids"] as? [Int])?.last)
    let piece = try #require((tokens["pieces"] as? [String])?.last)
    func generate(_ options: String...) throws -> Program {
      try Program(
        ["run", path("m.gguf"), "--raw", "-p", "Hello", "-n", "12", "--json"] + options)
    }
    let biased = try generate("--logit-bias", "\(token)+1000").json()
    #expect(biased["text"] as? String == String(repeating: piece, count: 12))
    let stopped = try generate(
      "--logit-bias", "\(token)+1000", "--stop", "absent", "--stop", piece + piece
    ).json()
    #expect(stopped["text"] as? String == "")
    #expect(stopped["stop_reason"] as? String == "stop_string")
    let unknown = try generate("--logit-bias", "999999-inf")
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("logit-bias is 999999, expected a token id below"))
  }

  @Test("A chat works in a plain pipe, one line a turn")
  func chatInPipe() throws {
    try run("convert", fixture("checkpoints/tiny-llama"), path("m.gguf"))
    let chat = try Program(
      ["run", path("m.gguf"), "-n", "4", "--temperature", "0"], input: "Hello\n\nAgain\n")
    #expect(chat.status == 0)
    #expect(chat.output.count { $0 == "\n" } >= 2)
  }

  @Test("Destinations that exist, or are the source, are refused")
  func refusals() throws {
    let model = path("m.gguf")
    try run("convert", fixture("checkpoints/tiny-llama"), model)
    let exists = try Program("convert", fixture("checkpoints/tiny-llama"), model)
    #expect(exists.status == 1)
    #expect(exists.errors.contains("--overwrite"))
    let itself = try Program("quantize", model, model, "--type", "Q8_0", "--overwrite")
    #expect(itself.status == 1)
    #expect(itself.errors == "quern: \(model): the destination is the source\n")
    try run("convert", fixture("checkpoints/tiny-llama"), model, "--overwrite")
    #expect(try folder.names == ["m.gguf"])
  }

  @Test("A damaged file is found, and ends with 1")
  func damage() throws {
    let model = path("m.gguf")
    try run("convert", fixture("checkpoints/tiny-llama"), model)
    let bytes = try readBytes(FilePath(model))
    _ = try folder.write(Array(bytes.dropLast(1000)), as: "m.gguf")
    let program = try Program("verify", model, "--json")
    #expect(program.status == 1)
    let files = try #require(try program.json()["files"] as? [[String: Any]])
    let damage = try #require(files.first?["damage"] as? [[String: Any]])
    #expect(damage.allSatisfy { $0["tensor"] is String && $0["last_row"] is Int })
  }

  static let model = ProcessInfo.processInfo.environment["QUERN_TEST_MODEL"] ?? ""

  @Test(
    "SmolLM2 goes the whole way and says why the sky is blue",
    .enabled(if: !model.isEmpty, "QUERN_TEST_MODEL names no model"))
  func realModel() throws {
    try run(
      "convert", Self.model, path("folder") + "/", "--type", "bf16", "--max-shard-size", "100MB")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: path("folder")).contains(
        "model-00002-of-00003.safetensors"))
    try run("quantize", path("folder"), path("q.gguf"), "--type", "Q4_K_M")
    let verified = try run("verify", path("folder"), path("q.gguf"))
    #expect(verified["intact"] as? Bool == true)
    let answer = try run(
      "run", path("q.gguf"), "-p", "Why is the sky blue?", "-n", "60", "--temperature", "0")
    let text = try #require(answer["text"] as? String)
    #expect(text.contains("blue") && text.contains("light"), "\(text)")
  }
}
