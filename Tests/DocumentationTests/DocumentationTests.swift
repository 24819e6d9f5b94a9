import Foundation
import Testing

@Suite struct DocumentationTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("../..").standardizedFileURL

  private static let pages =
    ["README.md"]
    + [
      "TensorCore", "GGUF", "Safetensors", "BlockQuant", "Integrity", "Tokenizers", "Checkpoints",
      "Hub", "Conversion", "Inference", "Quality",
    ].map { "Sources/\($0)/\($0).docc/\($0).md" }

  @Test(
    "Every example of a documentation page stands in the file that is compiled", arguments: pages)
  func examplesCompile(page: String) throws {
    let text = try String(
      contentsOf: Self.root.appendingPathComponent(page), encoding: .utf8)
    let compiled = try String(
      contentsOf: Self.root.appendingPathComponent("Tests/DocumentationTests/Examples.swift"),
      encoding: .utf8)
    let blocks = text.components(separatedBy: "```swift\n").dropFirst()
      .compactMap { $0.components(separatedBy: "```").first }
    #expect(!blocks.isEmpty)
    for block in blocks {
      let code = block.split(separator: "\n", omittingEmptySubsequences: false)
        .drop { $0.hasPrefix("import ") || $0.isEmpty }
        .map { $0.isEmpty ? "" : "  " + $0 }
        .joined(separator: "\n")
      #expect(compiled.contains(code), "\(page): an example is not compiled")
    }
  }
}
