import Conversion
import GGUF
import Inference
import Kernels
import SystemPackage
import TestSupport
import Testing
import Workers

/// gpt-oss with experts as they are published, in MXFP4.
@Suite struct GptOssTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func gguf(_ name: String, type: String?) throws -> FilePath {
    let path = folder.path.appending(name)
    _ = try ConversionPlan(
      from: CheckpointFixture.gptOssMXFP4.path, to: path.string,
      options: ConversionOptions(recipe: type.flatMap { Recipe(named: $0) })
    ).execute(on: WorkerPool(workerCount: 2))
    return path
  }

  private let tokens = (0..<40).map { Int32($0 * 37 % 280) }

  private func logits(
    _ path: FilePath, _ level: KernelLevel = .active, workers: Int = 2, batched: Bool = true
  ) throws -> [Float] {
    let model = try Model(GGUFFile(path), kernels: try #require(Kernels(level)))
    let session = try Session(
      model, contextLength: 64, cacheType: .f32, pool: WorkerPool(workerCount: workers))
    guard !batched else { return try session.forward(tokens, allLogits: true) }
    return try tokens.flatMap { try session.forward([$0], allLogits: true) }
  }

  /// How far the logits of half of the tokens lie off at most, as a share of their size.
  private func distance(_ found: [Float], _ expected: [Float]) -> Float {
    let width = expected.count / tokens.count
    let distances = tokens.indices.map { token -> Float in
      let row = token * width..<(token + 1) * width
      let error = row.reduce(Float(0)) {
        $0 + (found[$1] - expected[$1]) * (found[$1] - expected[$1])
      }
      return (error / row.reduce(Float(0)) { $0 + expected[$1] * expected[$1] }).squareRoot()
    }
    return distances.sorted()[tokens.count / 2]
  }

  @Test(
    "Experts in MXFP4 compute what their decoded weights do at every level, batched and one by one",
    arguments: KernelLevel.available)
  func blocks(level: KernelLevel) throws {
    let kept = try gguf("kept.gguf", type: nil)
    let expected = try logits(try gguf("decoded.gguf", type: "F32"), level)
    let (batched, single) = try (logits(kept, level), logits(kept, level, batched: false))
    // Activations are rounded to 8 bits.
    #expect(distance(batched, expected) < 0.05)
    #expect(distance(single, batched) < 1e-3)
  }

  @Test("The number of workers changes no bit of them")
  func workers() throws {
    let path = try gguf("kept.gguf", type: nil)
    let results = try [1, 2, 7].map { workers in
      try (logits(path, workers: workers) + logits(path, workers: workers, batched: false))
        .map(\.bitPattern)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }
}
