import Conversion
import Foundation
import GGUF
import Inference
import SystemPackage
import TestSupport
import Testing
import Workers

/// Tiny checkpoints with stretched positions, and the logits that transformers computes for them in F32.
@Suite struct RotaryScalingTests {
  struct Golden {
    let ids: [Int32]
    let rows: [Int]
    let cases: [Case]
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let checkpoint: String
    /// The `config.json` that it has, whole.
    let config: Data
    let logits: [Float]
    var testDescription: String { name }
  }

  private static let fixtures = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  private static let golden: Result<Golden, any Error> = Result {
    let folder = fixtures.appendingPathComponent("rotary")
    let json = try JSONSerialization.jsonObject(
      with: Data(contentsOf: folder.appendingPathComponent("golden.json")))
    let root = try #require(json as? [String: Any])
    let rows = try #require(root["rows"] as? [Int])
    let values = try floats(folder.appendingPathComponent("logits.f32"))
    let cases = try #require(root["cases"] as? [[String: Any]]).map { entry in
      let checkpoint = try #require(entry["checkpoint"] as? String)
      let original = try JSONSerialization.jsonObject(
        with: Data(
          contentsOf: fixtures.appendingPathComponent("checkpoints/\(checkpoint)/config.json")))
      let config = try #require(original as? [String: Any])
        .merging(try #require(entry["config"] as? [String: Any])) { $1 }
      let start = try #require(entry["offset"] as? Int) / 4
      let count = try #require(entry["columns"] as? Int) * rows.count
      return Case(
        name: try #require(entry["name"] as? String), checkpoint: checkpoint,
        config: try JSONSerialization.data(withJSONObject: config),
        logits: Array(values[start..<start + count]))
    }
    return Golden(
      ids: try #require(root["ids"] as? [Int]).map(Int32.init), rows: rows, cases: cases)
  }

  static func floats(_ file: URL) throws -> [Float] {
    try Data(contentsOf: file).withUnsafeBytes { raw in
      stride(from: 0, to: raw.count, by: 4).map {
        Float(
          bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
      }
    }
  }

  @Test(
    "Logits within the original context and beyond are those of transformers", arguments: 0..<10)
  func logits(index: Int) throws {
    let golden = try Self.golden.get()
    #expect(golden.cases.count == 10)
    let example = golden.cases[index]
    let temporary = try TemporaryFolder()
    let folder = temporary.path.appending("model")
    try FileManager.default.copyItem(
      atPath: Self.fixtures.appendingPathComponent("checkpoints/\(example.checkpoint)").path,
      toPath: folder.string)
    try example.config.write(to: URL(fileURLWithPath: folder.appending("config.json").string))
    let path = temporary.path.appending("model.gguf")
    let pool = WorkerPool(workerCount: 2)
    _ = try ConversionPlan(from: folder, to: path.string, options: ConversionOptions())
      .execute(on: pool)

    let session = try Session(try Model(path: path), contextLength: golden.ids.count, pool: pool)
    let all = try session.forward(golden.ids, allLogits: true)
    let width = session.model.dimensions.vocabularyCount
    let found = golden.rows.flatMap { all[$0 * width..<($0 + 1) * width] }
    try #require(found.count == example.logits.count)
    let worst = zip(found, example.logits).map { abs($0 - $1) }.max()!
    #expect(worst < 1e-3, "\(example.name): off by \(worst)")
  }
}
