import Conversion
import Foundation
import GGUF
import Inference
import SystemPackage
import TestSupport
import Testing
import Workers

/// A model with padded rows computes what it did before.
@Suite struct PaddingTests {
  private let folder: TemporaryFolder
  private let pool = WorkerPool(workerCount: 2)

  init() throws { folder = try TemporaryFolder() }

  private func logits(
    _ source: FilePath, _ recipe: String, padded: Bool, _ tokens: [Int32]
  ) throws -> [Float] {
    var options = ConversionOptions(recipe: Recipe(named: recipe))
    options.padsRows = padded
    options.overwrite = true
    let path = folder.path.appending("\(recipe)-\(padded).gguf")
    let plan = try ConversionPlan(from: source, to: path.string, options: options)
    #expect(plan.padding?.widths.isEmpty == (padded ? false : nil))
    _ = try plan.execute(on: pool)
    let model = try Model(path: path)
    #expect((model.dimensions.feedForwardWidth % 256 == 0) == padded)
    return try Session(model, pool: pool).forward(tokens, allLogits: true)
  }

  private func expectEqual(_ source: FilePath) throws {
    for recipe in ["F32", "F16", "BF16"] {
      // Several tokens go through a panel that adds column by column: zeros at the end change nothing.
      let tokens = (0..<9).map { Int32($0 * 7 % 71) }
      #expect(
        try logits(source, recipe, padded: false, tokens)
          == logits(source, recipe, padded: true, tokens), "\(recipe)")
      // One token takes several columns a step and sums what does not fill a step apart: the same
      // numbers added in another order, for two layers.
      let before = try logits(source, recipe, padded: false, [7])
      let after = try logits(source, recipe, padded: true, [7])
      let worst = zip(before, after).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst <= 1e-6 * (before.map(abs).max() ?? 0), "\(recipe): off by \(worst)")
    }
  }

  @Test("Logits stay, whatever the width was", arguments: ["llama", "qwen2"], [80, 176, 300, 320])
  func logits(architecture: String, width: Int) throws {
    try expectEqual(
      TinyModel(architecture: architecture, feedForward: width).write(to: folder))
  }

  @Test("Logits of a Hugging Face folder stay", arguments: ["tiny-qwen2", "tiny-qwen"])
  func folderLogits(name: String) throws {
    let source = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/checkpoints/\(name)")
    try expectEqual(FilePath(source.path))
  }
}
