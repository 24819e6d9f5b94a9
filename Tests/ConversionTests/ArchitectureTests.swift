import Conversion
import Foundation
import GGUF
import Safetensors
import SystemPackage
import TestSupport
import Testing
import Workers

/// Every architecture in both directions.
@Suite struct ArchitectureTests {
  private struct Expected: Decodable {
    /// Of each type: name, type and digest of each tensor.
    let casts: [String: [[String]]]
  }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func convert(_ source: FilePath, to name: String, type: String?) throws -> FilePath {
    let path = folder.path.appending(name)
    _ = try ConversionPlan(
      from: source, to: path.string + (name.hasSuffix(".gguf") ? "" : "/"),
      options: ConversionOptions(recipe: type.flatMap { Recipe(named: $0) })
    ).execute(on: WorkerPool(workerCount: 2))
    return path
  }

  @Test(
    "Tensors of a GGUF are those of llama.cpp's converter, to the byte",
    arguments: CheckpointFixture.allCases)
  func tensors(_ fixture: CheckpointFixture) throws {
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: URL(fileURLWithPath: fixture.expectedPath.string)))
    #expect(expected.casts.keys.sorted() == ["BF16", "F32"])
    for (type, tensors) in expected.casts {
      let file = try GGUFFile(try convert(fixture.path, to: "\(type).gguf", type: type))
      let found = file.tensors.map { [$0.name, $0.type.description, digest(file.bytes(of: $0))] }
      #expect(found == tensors, "\(type)")
    }
  }

  @Test(
    "A folder that became a GGUF comes back with every byte of its tensors",
    arguments: CheckpointFixture.allCases)
  func wayBack(_ fixture: CheckpointFixture) throws {
    let back = try convert(
      try convert(fixture.path, to: "there.gguf", type: nil), to: "back", type: nil)
    let (original, found) = (
      try SafetensorsCheckpoint(fixture.path), try SafetensorsCheckpoint(back)
    )
    #expect(found.tensors.count == original.tensors.count)
    for entry in original.tensors {
      let tensor = entry.tensor
      let other = try #require(found.tensor(tensor.name))
      #expect(
        other.tensor.type == tensor.type && other.tensor.shape == tensor.shape, "\(tensor.name)")
      #expect(found.bytes(of: other).elementsEqual(original.bytes(of: entry)), "\(tensor.name)")
    }
  }

  @Test("The width that the original Qwen states twice over is held to its tensors by an edit")
  func qwenEdit() throws {
    let path = try convert(CheckpointFixture.qwen.path, to: "qwen.gguf", type: nil)
    let edit = Edit { $0.values = [("qwen.feed_forward_length", .uint32(96))] }
    let error = try #require(throws: EditError.self) { _ = try EditPlan(edit, of: path) }
    #expect(
      error.reason
        == .contradiction(
          key: "qwen.feed_forward_length", expected: 192, found: "96",
          evidence: "blk.0.ffn_up.weight"))
  }
}
