import Conversion
import Foundation
import SystemPackage
import TestSupport
import Testing
import Workers

/// What `--dry-run` promises.
@Suite struct ExactSizeTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test(
    "A plan knows the size of the file to the byte, in every recipe",
    arguments: ["tiny-llama", "tiny-qwen2"], Recipe.table.map(\.name))
  func size(checkpoint: String, recipe: String) throws {
    let source = FilePath(#filePath).removingLastComponent()
      .appending("../../Fixtures/checkpoints/\(checkpoint)")
    let destination = folder.path.appending("out.gguf")
    var options = ConversionOptions(recipe: Recipe(named: "F16"))
    let plain = try ConversionPlan(from: source, to: destination.string, options: options)
    options.recipe = Recipe(named: recipe)
    options.importance = try .even(
      Dictionary(uniqueKeysWithValues: plain.tensors.map { ($0.name, $0.shape.columns) }),
      in: folder)
    let plan = try ConversionPlan(from: source, to: destination.string, options: options)
    let pool = WorkerPool(workerCount: 1)
    _ = try plan.execute(on: pool)
    let attributes = try FileManager.default.attributesOfItem(atPath: destination.string)
    #expect(attributes[.size] as? Int == plan.byteCount)
    #expect(plan.refusal == nil)
  }
}
