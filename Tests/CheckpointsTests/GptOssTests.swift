import Checkpoints
import GGUF
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Tokenizers

/// What is particular to gpt-oss.
@Suite struct GptOssTests {
  private func reason(_ body: () throws -> Void) -> CheckpointError.Reason? {
    do {
      try body()
      return nil
    } catch {
      return (error as? CheckpointError)?.reason
    }
  }

  @Test("Experts in MXFP4 come before all others and stay what they are, with no warning")
  func blocks() throws {
    let checkpoint = try Checkpoint(at: CheckpointFixture.gptOssMXFP4.path)
    #expect(checkpoint.warnings.isEmpty)
    #expect(checkpoint.metadata["general.file_type"] == .uint32(38))
    let names = checkpoint.tensors.prefix(6).map(\.name)
    #expect(names.allSatisfy { $0.contains("_exps.weight") })
    #expect(checkpoint.tensors.prefix(6).allSatisfy { $0.type == .mxfp4 })
    let gate = try #require(checkpoint.tensors.first { $0.name == "blk.0.ffn_gate_exps.weight" })
    guard case .quantized(let weight) = gate.source.content else {
      Issue.record("the gate is not unpacked")
      return
    }
    let whole = weight.bytes(of: 0..<weight.shape.rows)
    let cuts = [0, 1, 63, 65, 200, weight.shape.rows]
    #expect(zip(cuts, cuts.dropFirst()).flatMap { weight.bytes(of: $0..<$1) } == whole)
  }

  @Test("Their codes and exponents come back in any pieces, and the configuration says so")
  func blocksComeBack() throws {
    let fixture = CheckpointFixture.gptOssMXFP4
    let original = try SafetensorsCheckpoint(fixture.path)
    let folder = try HuggingFaceFolder(of: try asGGUF(fixture.path))
    let config = try json("config.json", of: folder)
    #expect(config["quantization_config"]?["quant_method"]?.string == "mxfp4")
    #expect(config["torch_dtype"] == .string("bfloat16"))
    for ending in ["_blocks", "_scales"] {
      let name = "model.layers.1.mlp.experts.gate_up_proj" + ending
      let tensor = try #require(folder.shards[0].tensors.first { $0.name == name })
      guard case .quantized(let weight) = tensor.source.content else {
        Issue.record("\(name) is not repacked")
        continue
      }
      let cuts = [0, 1, 2, 127, 129, weight.shape.rows]
      let bytes = try #require(original.tensor(name).map { Array(original.bytes(of: $0)) })
      #expect(zip(cuts, cuts.dropFirst()).flatMap { weight.bytes(of: $0..<$1) } == bytes)
    }
  }

  @Test("With a type, experts in MXFP4 become plain floats by columns")
  func plainFloats() throws {
    let folder = try HuggingFaceFolder(
      of: try Checkpoint(at: CheckpointFixture.gptOssMXFP4.path), type: .bf16)
    #expect(try json("config.json", of: folder)["quantization_config"] == nil)
    let places = folder.shards[0].layout.tensors
    let gate = try #require(places.first { $0.name.hasSuffix("0.mlp.experts.gate_up_proj") })
    #expect(gate.type == .bf16 && gate.shape.dimensions == [5, 32, 128])
    let down = try #require(places.first { $0.name.hasSuffix("0.mlp.experts.down_proj") })
    #expect(down.type == .bf16 && down.shape.dimensions == [5, 64, 32])
  }

  @Test("A GGUF with experts of which one projection is not in MXFP4 becomes plain floats")
  func mixed() throws {
    var checkpoint = try asGGUF(CheckpointFixture.gptOssMXFP4.path)
    func change(_ name: String) throws {
      let place = try #require(checkpoint.tensors.firstIndex { $0.name == name })
      checkpoint.tensors[place].type = .f32
      checkpoint.tensors[place].source = TensorSource(
        .values([Float](repeating: 1, count: checkpoint.tensors[place].shape.elementCount)))
    }
    try change("blk.1.ffn_down_exps.weight")
    let folder = try HuggingFaceFolder(of: checkpoint)
    #expect(folder.shards[0].layout.tensors.allSatisfy { $0.type != .u8 })
    try change("blk.1.ffn_up_exps.weight")
    #expect(
      reason { _ = try HuggingFaceFolder(of: checkpoint) }
        == .mixedTypes(tensor: "blk.1.ffn_up_exps.weight", .f32, expected: .mxfp4))
  }

  @Test("A ramp that is rounded has a key, and comes back")
  func ramp() throws {
    let key = "gpt-oss.rope.scaling.yarn_truncate"
    #expect(try Checkpoint(at: CheckpointFixture.gptOss.path).metadata[key] == nil)
    for stated in ["true", "null"] {
      let copy = try CheckpointFixture.gptOss.copy()
      try copy.replace("\"truncate\": false", with: "\"truncate\": \(stated)")
      let checkpoint = try asGGUF(copy.path)
      #expect(checkpoint.metadata[key] == .bool(true))
      let config = try json("config.json", of: try HuggingFaceFolder(of: checkpoint))
      #expect(config["rope_scaling"]?["truncate"] == nil)
    }
    let config = try json(
      "config.json", of: try HuggingFaceFolder(of: try asGGUF(CheckpointFixture.gptOss.path)))
    #expect(config["rope_scaling"]?["truncate"] == .bool(false))
  }

  @Test("A configuration without positions has those of the published models")
  func defaults() throws {
    let copy = try CheckpointFixture.gptOss.copy()
    try copy.replace("\"rope_parameters\"", with: "\"not_these\"")
    try copy.replace("\"sliding_window\": 6,", with: "")
    let metadata = try Checkpoint(at: copy.path).metadata
    let expected = try Checkpoint(at: CheckpointFixture.gptOss.path).metadata
    for key in metadata.keys where key.contains(".rope.") {
      #expect(metadata[key] == expected[key], "\(key)")
    }
    #expect(metadata.keys.filter { $0.contains(".rope.") }.count == 6)
    #expect(metadata.integer("gpt-oss.attention.sliding_window") == 128)
  }

  @Test("Tensors that are missing or of another shape are refused by their own names")
  func tensors() throws {
    let name = "model.layers.1.mlp.experts.gate_up_proj"
    func reading(_ edit: (String, [Int]) -> [Int]?) throws -> CheckpointError.Reason? {
      let copy = try CheckpointFixture.gptOss.copy()
      let weights = try SafetensorsCheckpoint(copy.path)
      var kept: [(name: String, type: TensorType, shape: Shape)] = []
      var bytes: [String: [UInt8]] = [:]
      for entry in weights.tensors {
        guard let shape = edit(entry.tensor.name, entry.tensor.shape.dimensions) else { continue }
        kept.append((entry.tensor.name, entry.tensor.type, try Shape(shape)))
        bytes[entry.tensor.name] = Array(weights.bytes(of: entry))
      }
      let layout = try SafetensorsLayout(metadata: ["format": "pt"], tensors: kept)
      try copy.write(
        layout.header + layout.tensors.flatMap { bytes[$0.name] ?? [] }, as: "model.safetensors")
      return reason { _ = try Checkpoint(at: copy.path) }
    }
    #expect(try reading { $1 } == nil)
    #expect(try reading { $0 == name ? nil : $1 } == .missingTensor(name))
    // By rows, as only blocks are.
    #expect(
      try reading { $0 == name ? [5, 96, 32] : $1 }
        == .wrongShape(
          tensor: name, expected: try Shape([5, 32, 96]), found: try Shape([5, 96, 32])))
    #expect(
      try reading { $0 == name + "_bias" ? [96, 5] : $1 }
        == .wrongShape(
          tensor: name + "_bias", expected: try Shape([5, 96]), found: try Shape([96, 5])))
    let sinks = "model.layers.0.self_attn.sinks"
    #expect(try reading { $0 == sinks ? nil : $1 } == .missingTensor(sinks))
  }
}
