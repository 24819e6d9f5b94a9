import BlockQuant
import GGUF
import Inference
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

@Suite struct DivisionTests {
  private func tokens(_ count: Int) -> [Int32] { (0..<count).map { Int32($0 * 37 % 71) } }

  /// A tiny model whose matrices are of `type`.
  private func write(_ tiny: TinyModel, _ type: TensorType, to folder: TemporaryFolder) throws
    -> FilePath
  {
    let plain = try GGUFFile(try tiny.write(to: folder)).tensors
    let layout = try GGUFLayout(
      metadata: tiny.metadata,
      tensors: plain.map { ($0.name, $0.shape.dimensions.count == 2 ? type : .f32, $0.shape) })
    var bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    for tensor in layout.tensors {
      let count = tensor.shape.elementCount
      let codec = BlockCodec(tensor.type)!
      bytes.withUnsafeMutableBytes { bytes in
        tiny.values(tensor.name, count: count).withUnsafeBufferPointer { values in
          codec.encode(
            values, rows: 1, columns: count,
            into: UnsafeMutableRawBufferPointer(
              rebasing: bytes[tensor.offset...].prefix(codec.byteCount(elementCount: count))))
        }
      }
    }
    return try folder.write(bytes, as: "tiny-\(type).gguf")
  }

  @Test(
    "Logits of a batch, of several batches and of one token at a time lie within the stated bound",
    arguments: [
      (TensorType.f32, CacheType.f32, 1e-5), (.f32, .f16, 1e-3), (.q8_0, .f16, 4e-2),
      (.q4_0, .q8_0, 4e-2), (.q4_0, .f16, 4e-2), (.q8_0, .q4_0, 4e-2),
    ])
  func batches(type: TensorType, cache: CacheType, bound: Double) throws {
    let folder = try TemporaryFolder()
    let tiny = TinyModel(
      architecture: "qwen2", width: 64, heads: 4, kvHeads: 2, headDim: 16, feedForward: 96)
    let model = try Model(path: try write(tiny, type, to: folder))
    let tokens = tokens(290)
    let session = try Session(model, cacheType: cache)
    let whole = try session.forward(tokens, allLogits: true)
    let largest = whole.map { Double(abs($0)) }.max()!
    for step in [1, 7, 64] {
      session.truncate(to: 0)
      var parts: [Float] = []
      for start in stride(from: 0, to: tokens.count, by: step) {
        parts += try session.forward(
          Array(tokens[start..<min(start + step, tokens.count)]), allLogits: true)
      }
      let worst = zip(whole, parts).map { abs(Double($0) - Double($1)) }.max()!
      #expect(worst < bound * largest, "steps of \(step): off by \(worst) of \(largest)")
    }
  }

  @Test(
    "The number of workers changes no bit of a quantized model",
    arguments: [TensorType.q8_0, .q4_0, .q5_0], CacheType.allCases)
  func workersAreEqual(type: TensorType, cache: CacheType) throws {
    let folder = try TemporaryFolder()
    let tiny = TinyModel(
      architecture: "qwen2", width: 64, heads: 4, kvHeads: 2, headDim: 16, feedForward: 96)
    let model = try Model(path: try write(tiny, type, to: folder))
    let results = try [1, 2, 7].map { workers in
      let session = try Session(model, cacheType: cache, pool: WorkerPool(workerCount: workers))
      var logits = try session.forward(tokens(280), allLogits: true)
      logits += try session.forward([3], allLogits: true)
      return logits.map(\.bitPattern)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }
}
