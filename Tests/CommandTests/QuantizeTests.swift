import Foundation
import TestSupport
import Testing

@Suite struct QuantizeTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// The types that a dry run gives the tensors of a tiny Qwen2: rows of 64, and of 192 in `ffn_down`.
  private func types(_ flags: [String]) throws -> [String: String] {
    let program = try Program(
      ["quantize", fixture("checkpoints/tiny-qwen2"), folder.path.appending("out.gguf").string]
        + ["--dry-run", "--json"] + flags)
    let tensors = try #require(
      try program.json()["tensors"] as? [[String: Any]], "\(program.errors)")
    return Dictionary(
      uniqueKeysWithValues: tensors.compactMap { tensor in
        guard let name = tensor["name"] as? String, let type = tensor["type"] as? String else {
          return nil
        }
        return (name, type)
      })
  }

  @Test(
    "Rules for tensors mean what they mean to llama.cpp's quantizer",
    arguments: [
      // In any capitals, anywhere in the name, the first that finds it.
      (["ATTN_V=Q8_0"], "blk.0.attn_v", "Q8_0"),
      (["ffn=q5_0", "ffn_down=q8_0"], "blk.0.ffn_down", "Q5_0"),
      (["ffn_down=q8_0", "ffn=q5_0"], "blk.0.ffn_down", "Q8_0"),
      (["ffn_down=q8_0", "ffn=q5_0"], "blk.1.ffn_up", "Q5_0"),
      // Anchors, classes, alternatives.
      (["^ffn=q8_0"], "blk.0.ffn_up", "Q4_0"),
      ([#"^blk\.\d+\.ATTN_(K|Q)\.weight$=iq4_nl"#], "blk.1.attn_k", "IQ4_NL"),
      ([#"blk\.[1-9]\.attn_q=q8_0"#], "blk.0.attn_q", "Q4_0"),
      ([#"blk\D1\Dattn_q=q8_0"#], "blk.1.attn_q", "Q8_0"),
      ([#"\battn_v\b=q8_0"#], "blk.1.attn_v", "Q8_0"),
      (["attn_(?=v)=q8_0"], "blk.0.attn_v", "Q8_0"), (["attn_(?!v)=q8_0"], "blk.0.attn_v", "Q4_0"),
      // Not for what is never quantized, and rows must fill blocks.
      (["norm=q8_0"], "blk.0.attn_norm", "F32"), (["ffn_down=q6_K"], "blk.0.ffn_down", "Q8_0"),
      (["attn_v=f16"], "blk.0.attn_v", "F16"),
    ])
  func rules(rules: [String], tensor: String, expected: String) throws {
    let types = try types(["--type", "Q4_0"] + rules.flatMap { ["--tensor-type", $0] })
    #expect(types["\(tensor).weight"] == expected)
    let file = try folder.write(Array(rules.joined(separator: "\n\t ").utf8), as: "rules.txt")
    let again = try self.types(["--type", "Q4_0", "--tensor-type-file", file.string])
    #expect(again == types)
  }

  @Test(
    "Types of embedding and output go before rules, rules before a pure recipe",
    arguments: [
      ("--tensor-type output=q5_0 --output-type q8_0", "output", "Q8_0"),
      ("--tensor-type embd=q5_0 --embedding-type q8_0", "token_embd", "Q8_0"),
      ("--tensor-type output=q5_0", "output", "Q5_0"),
      ("--tensor-type attn_q=q5_0 --pure", "blk.0.attn_q", "Q5_0"),
      ("--tensor-type attn_q=q5_0 --pure", "output", "Q4_0"),
      ("--pure --output-type f16", "output", "F16"),
    ])
  func precedence(flags: String, tensor: String, expected: String) throws {
    let flags = flags.split(separator: " ").map(String.init)
    #expect(try types(["--type", "Q4_0"] + flags)["\(tensor).weight"] == expected)
  }

  @Test("A cast heeds no rule for single tensors")
  func cast() throws {
    let types = try types(["--type", "F16", "--tensor-type", "attn_q=q8_0"])
    #expect(types["blk.0.attn_q.weight"] == "F16")
  }

  @Test("COPY is no recipe: every tensor stays as it is", arguments: ["COPY", "copy"])
  func copy(name: String) throws {
    let source = folder.path.appending("source.gguf").string
    let copied = folder.path.appending("copied.gguf").string
    try Program("quantize", fixture("checkpoints/tiny-qwen2"), source, "--type", "2")
    let program = try Program("quantize", source, copied, "--type", name, "--tensor-type", "q=f16")
    #expect(program.status == 0)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: copied))
        == Data(contentsOf: URL(fileURLWithPath: source)))
  }

  @Test("An unknown type names the nearest and all, and help names all of them too")
  func names() throws {
    let program = try Program("quantize", "a", "b.gguf", "--type", "Q4KM")
    #expect(program.status == 64)
    #expect(program.errors.contains("no type is called 'Q4KM', the nearest is Q4_K_M; there are"))
    let list = try #require(
      program.errors.split(separator: "\n").first { $0.contains("there are ") })
    let names = list.split(separator: "there are ")[1].split(separator: ", ")
    #expect(names.count > 30)
    let help = try Program("quantize", "--help").output
    let words = Set(help.split { !$0.isLetter && !$0.isNumber && $0 != "_" })
    for name in names { #expect(words.contains(name), "\(name)") }
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("Without an importance matrix a dry run tells the size, and a real one does nothing")
  func importance() throws {
    let source = fixture("checkpoints/tiny-llama")
    let destination = folder.path.appending("out.gguf").string
    let dry = try Program(
      "quantize", source, destination, "--type", "IQ2_XS", "--dry-run", "--json")
    #expect(try dry.json()["bytes"] as? Int ?? 0 > 0)
    #expect(
      try (dry.json()["warnings"] as? [String])?.contains { $0.contains("--imatrix") } == true)
    let program = try Program("quantize", source, destination, "--type", "IQ2_XS")
    #expect(program.status == 1)
    #expect(program.errors.contains("IQ2_XS needs an importance matrix: give one with --imatrix"))
    #expect(try folder.names.isEmpty)
  }
}
