import Conversion
import Foundation
import Inference
import SystemPackage
import TestSupport
import Testing
import Workers

/// Tiny checkpoints of real layout, with the logits that transformers computes for them in F32.
@Suite struct TransformersTests {
  private struct Reference: Decodable {
    let ids: [Int32]
    let shape: [Int]
    let file: String
  }

  @Test("Logits are those of transformers", arguments: ["tiny-llama", "tiny-qwen2"])
  func logits(name: String) throws {
    let folder = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/checkpoints/\(name)")
    let reference = try JSONDecoder().decode(
      Reference.self, from: Data(contentsOf: folder.appendingPathComponent("logits.json")))
    let expected = try Data(contentsOf: folder.appendingPathComponent(reference.file))
      .withUnsafeBytes { raw in
        stride(from: 0, to: raw.count, by: 4).map {
          Float(
            bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
          )
        }
      }
    let temporary = try TemporaryFolder()
    let path = temporary.path.appending("model.gguf")
    let pool = WorkerPool(workerCount: 2)
    _ = try ConversionPlan(
      from: FilePath(folder.path), to: path.string, options: ConversionOptions()
    ).execute(on: pool)

    let session = try Session(try Model(path: path), pool: pool)
    let logits = try session.forward(reference.ids, allLogits: true)
    #expect([reference.ids.count, session.model.dimensions.vocabularyCount] == reference.shape)
    try #require(logits.count == expected.count)
    let worst = zip(logits, expected).map { abs($0 - $1) }.max()!
    #expect(worst < 1e-3, "off by \(worst)")
  }
}
