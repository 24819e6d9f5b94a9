import Conversion
import GGUF
import Inference
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// Files of every architecture from which something is missing or makes no sense.
@Suite struct ArchitectureLoadingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func gguf(_ fixture: CheckpointFixture) throws -> GGUFFile {
    let path = folder.path.appending("\(fixture).gguf")
    _ = try ConversionPlan(from: fixture.path, to: path.string, options: ConversionOptions())
      .execute(on: WorkerPool(workerCount: 1))
    return try GGUFFile(path)
  }

  /// Loads a copy that is changed.
  @discardableResult
  private func load(
    _ file: GGUFFile, without name: String? = nil, metadata: GGUFMetadata? = nil
  ) throws -> Model {
    let kept = file.tensors.filter { $0.name != name }
    let layout = try GGUFLayout(
      metadata: metadata ?? file.metadata, tensors: kept.map { ($0.name, $0.type, $0.shape) })
    var bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    for (tensor, place) in zip(kept, layout.tensors) {
      bytes.replaceSubrange(
        place.offset..<place.offset + place.byteCount, with: file.bytes(of: tensor))
    }
    return try Model(path: try folder.write(bytes, as: "changed.gguf"))
  }

  @Test("Every tensor that is missing is refused by name", arguments: CheckpointFixture.allCases)
  func missing(_ fixture: CheckpointFixture) throws {
    let file = try gguf(fixture)
    let isOptional = { (name: String) in
      name == "output.weight" || name == "rope_freqs.weight"
    }
    for tensor in file.tensors where !isOptional(tensor.name) {
      #expect(throws: ModelError.missingTensor(tensor.name)) {
        try load(file, without: tensor.name)
      }
    }
  }

  @Test(
    "A number of an architecture that makes no sense is refused by its key",
    arguments: [
      (CheckpointFixture.gemma2, "gemma2.attn_logit_softcapping", GGUFValue.float32(-1)),
      (.gemma2, "gemma2.final_logit_softcapping", .float32(0)),
      (.gemma2, "gemma2.attention.sliding_window", .int32(-1)),
      (.gemma3, "gemma3.attention.sliding_window_pattern", .array(.bool([true, false]))),
      (.gemma3, "gemma3.attention.sliding_window_pattern", .string("six")),
      (.gemma3, "gemma3.rope.freq_base_swa", .float32(.nan)),
      (.gemma3, "gemma3.final_logit_softcapping", .float32(-.infinity)),
      (.granite, "granite.logit_scale", .float32(0)),
      (.granite, "granite.attention.scale", .float32(-1)),
      (.granite, "granite.residual_scale", .string("half")),
      (.glm4, "glm4.rope.dimension_count", .uint32(18)),
    ])
  func badNumber(_ fixture: CheckpointFixture, key: String, value: GGUFValue) throws {
    let file = try gguf(fixture)
    var metadata = file.metadata
    metadata[key] = value
    #expect {
      try load(file, metadata: metadata)
    } throws: { error in
      guard case .badValue(let found, _, _)? = error as? ModelError else { return false }
      return found == key
    }
  }

  @Test(
    "A key of another type or with an absurd value is an error, or a model that runs",
    arguments: CheckpointFixture.allCases)
  func absurdMetadata(_ fixture: CheckpointFixture) throws {
    let file = try gguf(fixture)
    let name = try #require(file.metadata.string("general.architecture"))
    let absurd: [GGUFValue] = [
      .string("many"), .bool(true), .int32(-1), .uint32(0), .uint32(.max), .uint64(.max),
      .float32(.nan), .float32(-1e30), .float64(1e300), .array(.uint32([])),
      .array(.int32([1, -5, 3])),
    ]
    for (key, _) in file.metadata.entries where key.hasPrefix("\(name).") {
      for value in absurd {
        var metadata = file.metadata
        metadata[key] = value
        do {
          let model = try load(file, metadata: metadata)
          let session = try Session(
            model, contextLength: 8, pool: WorkerPool(workerCount: 1))
          #expect(try session.forward([1, 2]).count == model.dimensions.vocabularyCount)
        } catch is ModelError {}
      }
    }
  }
}
