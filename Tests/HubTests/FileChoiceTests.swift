import Hub
import Testing

struct FileChoiceTests {
  private static func choice(
    _ reference: String, _ paths: [String], include: [String] = [], exclude: [String] = []
  ) throws -> FileChoice {
    let digest = try #require(HubDigest(String(repeating: "a", count: 40)))
    let files = paths.map { HubFile(path: $0, byteCount: 10, digest: digest) }
    return try FileChoice(
      HubReference(reference), from: files, include: include, exclude: exclude)
  }

  private static let ggufs = [
    "README.md", "m-Q4_K.gguf", "m-Q4_K_M.gguf", "m-q8_0.gguf", "mmproj-m-f16.gguf",
    "BF16/m-BF16-00001-of-00002.gguf", "BF16/m-BF16-00002-of-00002.gguf", "m.imatrix.gguf",
  ]

  struct Case: Sendable, CustomTestStringConvertible {
    let reference: String
    let paths: [String]
    let expected: [String]
    var testDescription: String { "\(reference) -> \(expected)" }
  }

  static let cases = [
    Case(reference: "o/n:Q4_K_M", paths: ggufs, expected: ["m-Q4_K_M.gguf"]),
    Case(reference: "o/n:q4_k", paths: ggufs, expected: ["m-Q4_K.gguf"]),
    Case(reference: "o/n:Q8_0", paths: ggufs, expected: ["m-q8_0.gguf"]),
    Case(
      reference: "o/n:bf16", paths: ggufs,
      expected: ["BF16/m-BF16-00001-of-00002.gguf", "BF16/m-BF16-00002-of-00002.gguf"]),
    Case(
      reference: "o/n:BF16/m-BF16-00002-of-00002.gguf", paths: ggufs,
      expected: ["BF16/m-BF16-00001-of-00002.gguf", "BF16/m-BF16-00002-of-00002.gguf"]),
    Case(reference: "o/n:mmproj-m-f16.gguf", paths: ggufs, expected: ["mmproj-m-f16.gguf"]),
    Case(reference: "o/n", paths: ["README.md", "m.gguf"], expected: ["m.gguf"]),
    Case(
      reference: "o/n:sub/", paths: ["sub/a", "sub/b/c", "d"], expected: ["sub/a", "sub/b/c"]),
    Case(
      reference: "o/n",
      paths: [
        "config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5", "onnx/model.onnx",
        "flax_model.msgpack", "rust_model.ot", "original/consolidated.00.pth", "tokenizer.json",
        "consolidated.safetensors", "m.gguf", "openvino/openvino_model.xml", "vocab.txt",
      ], expected: ["config.json", "model.safetensors", "tokenizer.json", "vocab.txt"]),
    Case(
      reference: "o/n", paths: ["config.json", "pytorch_model.bin"],
      expected: ["config.json", "pytorch_model.bin"]),
  ]

  @Test("A reference chooses the files that it means", arguments: cases)
  func chooses(_ example: Case) throws {
    let choice = try Self.choice(example.reference, example.paths)
    #expect(choice.files.map(\.path) == example.expected)
    #expect(choice.files.count + choice.leftOut.count <= example.paths.count)
  }

  @Test("A type that no file has, or several have, is answered with what there is")
  func lists() throws {
    let none = #expect(throws: HubError.self) { try Self.choice("o/n:Q2_K", Self.ggufs) }
    guard case .noChoice("Q2_K", let found) = none?.reason else {
      Issue.record("\(String(describing: none))")
      return
    }
    #expect(
      found == ["m-Q4_K.gguf", "m-Q4_K_M.gguf", "m-q8_0.gguf", "BF16/m-BF16 in 2 parts"].sorted())
    let several = #expect(throws: HubError.self) {
      try Self.choice("o/n:Q8_0", ["a-Q8_0.gguf", "b-Q8_0.gguf"])
    }
    #expect(several?.reason == .ambiguousChoice("Q8_0", found: ["a-Q8_0.gguf", "b-Q8_0.gguf"]))
    let unsaid = #expect(throws: HubError.self) { try Self.choice("o/n", ["a.gguf", "b.gguf"]) }
    #expect(unsaid?.reason == .ambiguousChoice(nil, found: ["a.gguf", "b.gguf"]))
  }

  @Test("A split GGUF that lacks a part is refused by the part's name")
  func incomplete() {
    let error = #expect(throws: HubError.self) {
      try Self.choice("o/n:Q8_0", ["m-Q8_0-00001-of-00003.gguf", "m-Q8_0-00003-of-00003.gguf"])
    }
    #expect(error?.reason == .incomplete("m-Q8_0", missing: "m-Q8_0-00002-of-00003.gguf"))
  }

  @Test("Patterns add to a choice what huggingface_hub's patterns would")
  func patterns() throws {
    let paths = ["a.json", "sub/b.json", "sub/c.txt", "w.safetensors", "w.bin"]
    #expect(
      try Self.choice("o/n", paths, include: ["*.json"]).files.map(\.path)
        == ["a.json", "sub/b.json"])
    #expect(
      try Self.choice("o/n", paths, include: ["sub/"]).files.map(\.path)
        == ["sub/b.json", "sub/c.txt"])
    #expect(
      try Self.choice("o/n", paths, include: ["w.*"], exclude: ["*.bin"]).files.map(\.path)
        == ["w.safetensors"])
    #expect(throws: HubError.self) { try Self.choice("o/n", paths, exclude: ["*"]) }
  }
}
