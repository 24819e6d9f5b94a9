import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite struct PaddingCommandTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { folder.path.appending(name).string }

  @Test("Padding is said in words and in JSON, planned and done, and the result runs")
  func padding() throws {
    let arguments = [
      "quantize", fixture("checkpoints/tiny-qwen2"), path("q.gguf"), "--type", "Q4_K_M",
      "--pad-rows",
    ]
    let words = try Program(arguments + ["--dry-run"])
    #expect(words.status == 0)
    #expect(words.errors.contains("note: qwen2.feed_forward_length 192 -> 256 in 2 layers"))
    #expect(words.errors.contains(" with padding, "))
    #expect(try folder.names == [])
    let planned = try Program(arguments + ["--dry-run", "--json"]).json()
    let made = try Program(arguments + ["--json"]).json()
    for report in [planned, made] {
      let padding = try #require(report["padding"] as? [String: Any])
      let widths = try #require(padding["widths"] as? [[String: Any]])
      #expect(widths.count == 1)
      #expect(widths.first?["from"] as? Int == 192)
      #expect(widths.first?["to"] as? Int == 256)
      #expect(widths.first?["layers"] as? Int == 2)
      #expect(padding["bytes"] as? Int == report["bytes"] as? Int)
      #expect(padding["bytes_without_padding"] is Int)
      let tensors = try #require(report["tensors"] as? [[String: Any]])
      let down = tensors.first { $0["name"] as? String == "blk.0.ffn_down.weight" }
      #expect(down?["shape"] as? [Int] == [64, 256])
      #expect(down?["source_shape"] as? [Int] == [64, 192])
      let query = tensors.first { $0["name"] as? String == "blk.0.attn_q.weight" }
      #expect(query?["source_shape"] == nil)
    }
    let answer = try Program(
      "run", path("q.gguf"), "-p", "Hello", "-n", "8", "--temperature", "0", "--json")
    #expect(answer.status == 0)
    #expect(try answer.json()["new_tokens"] as? Int == 8)
  }

  @Test("A padded folder says its width, and becomes the same GGUF as its source")
  func paddedFolder() throws {
    for (source, destination) in [
      (fixture("checkpoints/tiny-qwen2"), path("tiny-qwen2") + "/"),
      (fixture("checkpoints/tiny-qwen2"), path("padded.gguf")),
    ] {
      let program = try Program("quantize", source, destination, "--type", "F32", "--pad-rows")
      #expect(program.status == 0, "\(program.errors)")
    }
    let config = try JSONSerialization.jsonObject(
      with: Data(readBytes(FilePath(path("tiny-qwen2/config.json")))))
    #expect((config as? [String: Any])?["intermediate_size"] as? Int == 256)
    let program = try Program("convert", path("tiny-qwen2"), path("again.gguf"))
    #expect(program.status == 0, "\(program.errors)")
    let padded = try Program("inspect", path("padded.gguf"), "--json").json()
    let again = try Program("inspect", path("again.gguf"), "--json").json()
    #expect(
      try tensors(padded, of: "padded.gguf")
        == tensors(again, of: "again.gguf"))
  }

  /// The bytes of every tensor of a file.
  private func tensors(_ inspection: [String: Any], of name: String) throws -> [String: [UInt8]] {
    let bytes = try readBytes(FilePath(path(name)))
    var data: [String: [UInt8]] = [:]
    for tensor in try #require(inspection["tensors"] as? [[String: Any]]) {
      let offset = try #require(tensor["offset"] as? Int)
      let count = try #require(tensor["bytes"] as? Int)
      data[try #require(tensor["name"] as? String)] = Array(bytes[offset..<offset + count])
    }
    return data
  }
}
