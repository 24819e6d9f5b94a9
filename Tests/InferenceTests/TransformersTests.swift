import Conversion
import Foundation
import GGUF
import Inference
import Kernels
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

  private static func values(_ path: FilePath) throws -> [Float] {
    try Data(contentsOf: URL(fileURLWithPath: path.string)).withUnsafeBytes { raw in
      stride(from: 0, to: raw.count, by: 4).map {
        Float(
          bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
      }
    }
  }

  private func convert(_ source: FilePath, to name: String, in folder: TemporaryFolder)
    throws -> FilePath
  {
    let path = folder.path.appending(name)
    _ = try ConversionPlan(
      from: source, to: path.string + (name.hasSuffix(".gguf") ? "" : "/"),
      options: ConversionOptions(recipe: Recipe(named: "F32"))
    ).execute(on: WorkerPool(workerCount: 2))
    return path
  }

  @Test(
    "Logits are those of transformers, of a prompt and token by token, also after a way back",
    arguments: CheckpointFixture.allCases)
  func logits(fixture: CheckpointFixture) throws {
    let reference = try JSONDecoder().decode(
      Reference.self,
      from: Data(contentsOf: URL(fileURLWithPath: fixture.path.appending("logits.json").string)))
    let expected = try Self.values(fixture.path.appending(reference.file))
    let folder = try TemporaryFolder()
    let there = try convert(fixture.path, to: "there.gguf", in: folder)
    let back = try convert(there, to: "back", in: folder)
    let again = try convert(back, to: "again.gguf", in: folder)

    for (path, level) in [(again, KernelLevel.active)] + KernelLevel.available.map({ (there, $0) })
    {
      let kernels = try #require(Kernels(level))
      let model = try Model(GGUFFile(path), kernels: kernels)
      let session = try Session(model, pool: WorkerPool(workerCount: 2))
      let vocabulary = session.model.dimensions.vocabularyCount
      #expect([reference.ids.count, vocabulary] == reference.shape)
      let prompt = try session.forward(reference.ids, allLogits: true)
      session.truncate(to: 0)
      var single: [Float] = []
      for id in reference.ids { single += try session.forward([id], allLogits: true) }
      for logits in [prompt, single] {
        try #require(logits.count == expected.count)
        let worst = zip(logits, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 1e-3, "\(level.rawValue): off by \(worst)")
      }
    }
  }

  @Test("The number of workers changes no bit", arguments: CheckpointFixture.allCases)
  func workers(fixture: CheckpointFixture) throws {
    let folder = try TemporaryFolder()
    let model = try Model(path: try convert(fixture.path, to: "model.gguf", in: folder))
    let tokens = (0..<70).map { Int32($0 * 37 % 280) }
    let results = try [1, 2, 7].map { count in
      let session = try Session(
        model, contextLength: 80, pool: WorkerPool(workerCount: count))
      let logits = try session.forward(tokens, allLogits: true)
      return (logits + (try session.forward([3], allLogits: true))).map(\.bitPattern)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }
}
