import Conversion
import GGUF
import Inference
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// Mixtures of experts, whatever the type of their weights.
@Suite struct ExpertTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let count = 5

  /// Wide enough for every type of block.
  private func model() throws -> FilePath {
    let tiny = TinyModel(
      layers: 1, width: 256, heads: 4, headDim: 64, feedForward: 256, isTied: false)
    let metadata = GGUFMetadata(
      tiny.metadata.entries + [
        ("llama.expert_count", .uint32(UInt32(Self.count))),
        ("llama.expert_used_count", .uint32(2)),
      ])
    return try tiny.write(
      to: folder, metadata: metadata,
      tensors: { tensors in
        tensors.flatMap { name, shape -> [(name: String, shape: [Int])] in
          guard name.contains("ffn_"), !name.contains("norm") else { return [(name, shape)] }
          let stack = (name.replacing(".weight", with: "_exps.weight"), [Self.count] + shape)
          return name.contains("ffn_gate")
            ? [stack, ("blk.0.ffn_gate_inp.weight", [Self.count, 256])] : [stack]
        }
      })
  }

  private func convert(_ source: FilePath, _ type: String, to name: String) throws -> FilePath {
    var options = ConversionOptions(recipe: Recipe(named: type))
    options.isPure = type != "MXFP4_MOE"
    let path = folder.path.appending(name)
    _ = try ConversionPlan(from: source, to: path.string, options: options)
      .execute(on: WorkerPool(workerCount: 2))
    return path
  }

  private func tokens(_ count: Int) -> [Int32] { (0..<count).map { Int32($0 * 37 % 71) } }

  private func logits(
    _ path: FilePath, workers: Int = 2, batched: Bool = true, count: Int = 24
  ) throws -> [Float] {
    let session = try Session(
      Model(path: path), cacheType: .f32, pool: WorkerPool(workerCount: workers))
    guard !batched else { return try session.forward(tokens(count), allLogits: true) }
    return try tokens(count).flatMap { try session.forward([$0], allLogits: true) }
  }

  /// How far the logits of each token lie off, as a share of their size, in order.
  private func distances(_ found: [Float], _ expected: [Float]) -> [Float] {
    stride(from: 0, to: expected.count, by: 71).map { start in
      var (error, size): (Float, Float) = (0, 0)
      for place in start..<start + 71 {
        let difference = found[place] - expected[place]
        error += difference * difference
        size += expected[place] * expected[place]
      }
      return (error / size).squareRoot()
    }.sorted()
  }

  @Test(
    "Experts of every type compute what their decoded weights do, batched and one by one",
    arguments: [
      "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K_S", "Q4_K_S",
      "Q5_K_S", "Q6_K", "IQ4_NL", "IQ4_XS", "IQ3_S", "TQ1_0", "TQ2_0", "MXFP4_MOE",
    ])
  func everyType(type: String) throws {
    let quantized = try convert(try model(), type, to: "quantized.gguf")
    let decoded = try convert(quantized, "F32", to: "decoded.gguf")
    let expected = try logits(decoded)
    let (batched, single) = try (logits(quantized), logits(quantized, batched: false))
    try #require(batched.count == 24 * 71 && single.count == 24 * 71)
    // Activations rounded to 8 bits may let a router choose otherwise for a token, but not for most.
    let (rounding, between) = (distances(batched, expected), distances(single, batched))
    let isFloat = type.hasSuffix("F32") || type.hasSuffix("F16")
    #expect(rounding[12] < (isFloat ? 1e-4 : 0.05), "\(type): \(rounding[12])")
    // A sum in another order now and then rounds an activation to its other neighbour.
    #expect(between[12] < 1e-4, "\(type): \(between[12])")
    #expect(between[23] < (isFloat ? 1e-4 : 0.05), "\(type): \(between[23])")
  }

  @Test("The number of workers changes no bit of a mixture", arguments: ["F32", "Q4_K_S"])
  func workersAreEqual(type: String) throws {
    let path = try convert(try model(), type, to: "model.gguf")
    let results = try [1, 2, 7].map { workers in
      try logits(path, workers: workers, count: 70).map(\.bitPattern)
        + logits(path, workers: workers, batched: false, count: 3).map(\.bitPattern)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test(
    "A mixture whose numbers do not fit is refused",
    arguments: [
      ("llama.expert_count", UInt32(4)), ("llama.expert_used_count", 6),
      ("llama.expert_used_count", 0), ("llama.expert_feed_forward_length", 255),
    ])
  func refused(key: String, value: UInt32) throws {
    let file = try GGUFFile(try model())
    var metadata = file.metadata
    metadata[key] = .uint32(value)
    let layout = try GGUFLayout(
      metadata: metadata, tensors: file.tensors.map { ($0.name, $0.type, $0.shape) })
    let data = [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    let path = try folder.write(layout.header + data, as: "odd.gguf")
    #expect(throws: ModelError.self) { try Model(path: path) }
  }
}
