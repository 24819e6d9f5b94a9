import Checkpoints
import Foundation
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing

/// Checkpoints of every architecture that lack something, or whose configuration is spoilt.
@Suite struct PromisedTensorTests {
  /// Everything in the shards of a checkpoint, and its place to write others.
  private struct Weights {
    let copy: CheckpointCopy
    let stored: SafetensorsCheckpoint

    init(_ fixture: CheckpointFixture) throws {
      copy = try fixture.copy()
      stored = try SafetensorsCheckpoint(fixture.path)
      for name in try FileManager.default.contentsOfDirectory(atPath: copy.path.string)
      where name.contains(".safetensors") {
        try copy.remove(name)
      }
    }

    var names: [String] { stored.tensors.map(\.tensor.name) }

    func write(without isLeftOut: (String) -> Bool) throws {
      let kept = stored.tensors.filter { !isLeftOut($0.tensor.name) }
      let layout = try SafetensorsLayout(
        metadata: [:], tensors: kept.map { ($0.tensor.name, $0.tensor.type, $0.tensor.shape) })
      let byName = Dictionary(uniqueKeysWithValues: kept.map { ($0.tensor.name, $0) })
      var bytes = layout.header
      for place in layout.tensors {
        if let entry = byName[place.name] { bytes += stored.bytes(of: entry) }
      }
      try copy.write(bytes, as: "model.safetensors")
    }
  }

  @Test("Every tensor that is missing is refused by name", arguments: CheckpointFixture.allCases)
  func missing(_ fixture: CheckpointFixture) throws {
    let weights = try Weights(fixture)
    try weights.write { _ in false }
    _ = try Checkpoint(at: weights.copy.path)
    for name in weights.names {
      try weights.write { $0 == name }
      let error = #expect(throws: CheckpointError.self, "\(name)") {
        try Checkpoint(at: weights.copy.path)
      }
      #expect(error?.reason == .missingTensor(name))
    }
  }

  @Test(
    "What a flag promises is missed by name where no layer has it",
    arguments: [
      (CheckpointFixture.llama, "attention_bias", "model.layers.0.self_attn.q_proj.bias"),
      (.llama, "mlp_bias", "model.layers.0.mlp.gate_proj.bias"),
      (.smolLM3, "attention_bias", "model.layers.0.self_attn.q_proj.bias"),
      (.granite, "mlp_bias", "model.layers.0.mlp.gate_proj.bias"),
      (.qwen3, "attention_bias", "model.layers.0.self_attn.q_proj.bias"),
      (.qwen3Moe, "attention_bias", "model.layers.0.self_attn.q_proj.bias"),
      (.glm4, "attention_bias", "model.layers.0.self_attn.q_proj.bias"),
      (.stableLM, "use_qkv_bias", "model.layers.0.self_attn.q_proj.bias"),
      (.stableLM, "qk_layernorm", "model.layers.0.self_attn.q_layernorm.norms.0.weight"),
    ])
  func promised(_ fixture: CheckpointFixture, key: String, name: String) throws {
    let weights = try Weights(fixture)
    let family = name.contains("norms") ? ".norms." : ".bias"
    try weights.write { $0.hasSuffix(family) || $0.contains(".norms.") && family == ".norms." }
    let file = weights.copy.path.appending("config.json")
    var config = try #require(
      try JSONSerialization.jsonObject(with: Data(readBytes(file))) as? [String: Any])
    config[key] = true
    try weights.copy.write(
      Array(try JSONSerialization.data(withJSONObject: config)), as: "config.json")
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(at: weights.copy.path) }
    // The biases of norms are missed first where a flag says nothing of them.
    let found = error.map { "\($0)" } ?? ""
    #expect(found.contains(name) || found.contains("norm.bias"), "\(found)")
  }

  private static var absurd: [Any] {
    [
      "many", true, -1, 0, 1e300, Int32.max, Int.max, 1.5, [Any](), [1, -2, "x"], ["a": 1],
    ]
  }

  @Test(
    "A key of another type or with an absurd value is an error, or a checkpoint",
    arguments: CheckpointFixture.allCases)
  func absurdConfiguration(_ fixture: CheckpointFixture) throws {
    let copy = try fixture.copy()
    let original = try #require(
      try JSONSerialization.jsonObject(
        with: Data(readBytes(copy.path.appending("config.json")))) as? [String: Any])
    for key in original.keys.sorted() {
      for value in Self.absurd {
        var config = original
        config[key] = value
        try copy.write(
          Array(try JSONSerialization.data(withJSONObject: config)), as: "config.json")
        do {
          let checkpoint = try Checkpoint(at: copy.path)
          _ = try HuggingFaceFolder(of: checkpoint)
        } catch let error as CheckpointError {
          #expect(error.path != nil, "\(key): \(error)")
        }
      }
    }
  }
}
