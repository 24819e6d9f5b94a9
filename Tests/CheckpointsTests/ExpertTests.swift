import Checkpoints
import Foundation
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing

/// Experts of a folder, one by one or stacked.
@Suite struct ExpertTests {
  private static let mixtures: [CheckpointFixture] = [.mixtral, .qwen2Moe, .qwen3Moe]

  private typealias Tensor = (name: String, type: TensorType, shape: Shape, bytes: [UInt8])

  private func tensors(of path: FilePath) throws -> [Tensor] {
    let weights = try SafetensorsCheckpoint(path)
    return weights.tensors.map { entry in
      (entry.tensor.name, entry.tensor.type, entry.tensor.shape, Array(weights.bytes(of: entry)))
    }
  }

  private func write(_ tensors: [Tensor], into copy: CheckpointCopy) throws {
    let layout = try SafetensorsLayout(
      metadata: ["format": "pt"], tensors: tensors.map { ($0.name, $0.type, $0.shape) })
    let bytes = Dictionary(
      tensors.map { ($0.name, $0.bytes) }, uniquingKeysWith: { first, _ in first })
    let data = layout.tensors.flatMap { bytes[$0.name] ?? [] }
    let path = copy.path.appending("model.safetensors").string
    try Data(layout.header + data).write(to: URL(fileURLWithPath: path))
  }

  /// As transformers 5 holds them: gate above up, expert by expert, in one tensor.
  private func stacked(_ tensors: [Tensor]) throws -> [Tensor] {
    let byName = Dictionary(
      tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var result = tensors.filter { !$0.name.contains(".experts.") }
    for place in result.indices {
      result[place].name = result[place].name.replacing("block_sparse_moe.gate", with: "mlp.gate")
    }
    let layers = Set(
      tensors.compactMap { tensor -> String? in
        guard let range = tensor.name.range(of: ".experts.") else { return nil }
        return String(tensor.name[..<range.upperBound])
      })
    for prefix in layers {
      let isMixtral = prefix.contains("block_sparse_moe")
      let count = (0...).prefix { number in
        byName.keys.contains { $0.hasPrefix("\(prefix)\(number).") }
      }.count
      func stack(_ parts: [String], as name: String) throws {
        let matrices = (0..<count).flatMap { expert in
          parts.compactMap { byName["\(prefix)\(expert).\($0).weight"] }
        }
        let shape = matrices[0].shape.dimensions
        let target = prefix.replacing("block_sparse_moe", with: "mlp") + name
        result.append(
          (
            target, matrices[0].type, try Shape([count, parts.count * shape[0], shape[1]]),
            matrices.flatMap(\.bytes)
          ))
      }
      try stack(isMixtral ? ["w1", "w3"] : ["gate_proj", "up_proj"], as: "gate_up_proj")
      try stack(isMixtral ? ["w2"] : ["down_proj"], as: "down_proj")
    }
    return result
  }

  @Test("Stacked experts are those that lie one by one", arguments: mixtures)
  func readsStacks(_ fixture: CheckpointFixture) throws {
    let copy = try fixture.copy()
    try write(try stacked(try tensors(of: fixture.path)), into: copy)
    let (expected, found) = try (Checkpoint(at: fixture.path), Checkpoint(at: copy.path))
    for (key, value) in expected.metadata.entries { #expect(found.metadata[key] == value) }
    let others = Dictionary(
      found.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    #expect(others.count == expected.tensors.count)
    for tensor in expected.tensors {
      let other = try #require(others[tensor.name])
      #expect(other.shape == tensor.shape && other.type == tensor.type)
      #expect(other.bytes == tensor.bytes, "\(tensor.name)")
    }
  }

  /// With the experts' weights in 8 bits, each with a scale.
  private func quantized(_ tensors: [Tensor]) throws -> [Tensor] {
    try tensors.flatMap { tensor -> [Tensor] in
      guard tensor.name.contains(".experts.") else { return [tensor] }
      let codes = tensor.bytes.indices.filter { $0 % 2 == 0 }.map { UInt8($0 / 2 * 31 % 120) }
      let scale = Float(codes.count % 7 + 1) * Float(tensor.bytes[0] + 1)
      return [
        (tensor.name, .f8E4M3, tensor.shape, codes),
        (
          tensor.name + "_scale", .f32, try Shape([]),
          withUnsafeBytes(of: scale.bitPattern.littleEndian, Array.init)
        ),
      ]
    }
  }

  @Test("Quantized experts are stacked as they are unpacked, and come back one by one")
  func stacksQuantized() throws {
    let copy = try CheckpointFixture.mixtral.copy()
    let plain = try tensors(of: copy.path)
    try write(try quantized(plain), into: copy)
    try copy.replace(
      "\"use_cache\": true,",
      with: """
        "use_cache": true,
        "quantization_config": {"quant_method": "fp8"},
        """)
    let checkpoint = try Checkpoint(at: copy.path)
    let name = "blk.1.ffn_up_exps.weight"
    let stack = try #require(checkpoint.tensors.first { $0.name == name })
    #expect(stack.shape.dimensions == [4, 48, 32] && stack.type == .f32)
    guard case .quantized(let weight) = stack.source.content else {
      Issue.record("\(name) is not unpacked")
      return
    }
    let whole = weight.bytes(of: 0..<weight.shape.rows)
    let cuts = [0, 1, 47, 49, 97, 191, 192]
    #expect(zip(cuts, cuts.dropFirst()).flatMap { weight.bytes(of: $0..<$1) } == whole)
    var back = checkpoint
    back.origin = .gguf
    let folder = try HuggingFaceFolder(of: back)
    let experts = try (0..<4).map { expert in
      let name = "model.layers.1.block_sparse_moe.experts.\(expert).w3.weight"
      return try #require(folder.shards[0].tensors.first { $0.name == name }?.bytes)
    }
    #expect(experts.flatMap { $0 } == whole)
    #expect(Set(experts).count == 4)
    try write(
      try quantized(plain).filter { !$0.name.hasSuffix("experts.3.w3.weight_scale") }, into: copy)
    #expect(throws: CheckpointError.self) { try Checkpoint(at: copy.path) }
  }

  @Test("Experts that are missing, too many, or of another type than the first are refused")
  func refused() throws {
    func reason(_ edit: ([Tensor]) throws -> [Tensor]) throws -> CheckpointError.Reason? {
      let copy = try CheckpointFixture.qwen3Moe.copy()
      try write(try edit(try tensors(of: copy.path)), into: copy)
      do {
        _ = try Checkpoint(at: copy.path)
        return nil
      } catch let error as CheckpointError {
        return error.reason
      }
    }
    let name = "model.layers.1.mlp.experts.7.up_proj.weight"
    let extra = "model.layers.1.mlp.experts.11.up_proj.weight"
    let odd = "model.layers.1.mlp.experts.07.up_proj.weight"
    #expect(try reason { $0 } == nil)
    #expect(try reason { $0.filter { $0.name != name } } == .missingTensor(name))
    for other in [extra, odd] {
      #expect(
        try reason {
          $0 + $0.filter { $0.name == name }.map { (other, $0.type, $0.shape, $0.bytes) }
        }
          == .unknownTensor(other))
    }
    #expect(
      try reason { all in
        all.map { $0.name == name ? ($0.name, .f16, $0.shape, $0.bytes) : $0 }
      } == .mixedTypes(tensor: name, .f16, expected: .bf16))
    #expect(
      try reason { all in try all + stacked(all).filter { $0.name.hasSuffix("experts.down_proj") } }
        == .repeatedTensor("blk.0.ffn_down_exps.weight"))
  }

  @Test(
    "A configuration that engines would take for another mixture is refused",
    arguments: [
      HostileFolder.config(
        "\"norm_topk_prob\": true", "\"norm_topk_prob\": false", complainsOf: "norm_topk_prob",
        in: .qwen3Moe),
      .config(
        "\"norm_topk_prob\": false", "\"norm_topk_prob\": true", complainsOf: "norm_topk_prob",
        in: .qwen2Moe),
      .config(
        "\"mlp_only_layers\": []", "\"mlp_only_layers\": [1]", complainsOf: "mlp_only_layers",
        in: .qwen3Moe),
      .config(
        "\"decoder_sparse_step\": 1", "\"decoder_sparse_step\": 2",
        complainsOf: "decoder_sparse_step", in: .qwen2Moe),
      .config(
        "\"num_experts\": 5", "\"num_experts\": 0", complainsOf: "num_experts", in: .qwen2Moe),
      .config(
        "\"num_experts\": 5", "\"num_experts\": 5000000000", complainsOf: "num_experts",
        in: .qwen2Moe),
      .config(
        "\"moe_intermediate_size\": 24", "\"moe_intermediate_size\": -24",
        complainsOf: "moe_intermediate_size", in: .qwen2Moe),
    ])
  func configuration(_ hostile: HostileFolder) throws {
    let copy = try hostile.fixture.copy()
    try hostile.spoil(copy)
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(at: copy.path) }
    if let error { #expect(hostile.expects(error.reason), "\(error.reason)") }
  }

  @Test("A matrix of one row that became a vector, as quantizers write it, comes back")
  func singleRow() throws {
    var checkpoint = try Checkpoint(at: CheckpointFixture.qwen2Moe.path)
    checkpoint.origin = .gguf
    let name = "blk.0.ffn_gate_inp_shexp.weight"
    let place = try #require(checkpoint.tensors.firstIndex { $0.name == name })
    #expect(checkpoint.tensors[place].shape.dimensions == [1, 32])
    checkpoint.tensors[place].shape = try Shape([32])
    let folder = try HuggingFaceFolder(of: checkpoint)
    let gate = folder.shards[0].layout.tensors.first {
      $0.name == "model.layers.0.mlp.shared_expert_gate.weight"
    }
    #expect(gate?.shape.dimensions == [1, 32])
  }
}
