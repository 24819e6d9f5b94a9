import Checkpoints
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Tokenizers

/// The numbers of an architecture, and shifted values, on their way back to a folder.
@Suite struct FolderConfigurationTests {
  @Test(
    "Its configuration says what the old one did, in the keys of both",
    arguments: CheckpointFixture.allCases)
  func sameConfiguration(_ fixture: CheckpointFixture) throws {
    let config = try json("config.json", of: try HuggingFaceFolder(of: try asGGUF(fixture.path)))
    let original = try JSONValue(parsing: readBytes(fixture.path.appending("config.json")))
    // A GGUF of Mistral is one of Llama.
    let free: Set =
      fixture == .mistral
      ? ["architectures", "model_type", "torch_dtype"] : ["torch_dtype"]
    for member in try #require(original.object)
    where !free.contains(member.key) && !member.value.isNull {
      guard let value = config[member.key] else { continue }
      #expect(
        value == member.value
          || value.anyNumber == member.value.anyNumber && value.anyNumber != nil,
        "\(member.key)")
    }
    let parameters = original["rope_parameters"]
    let rotary = parameters?["full_attention"] ?? parameters ?? original
    #expect(config["rope_theta"]?.anyNumber == rotary["rope_theta"]?.anyNumber)
    #expect(
      config["rope_local_base_freq"]?.anyNumber
        == parameters?["sliding_attention"]?["rope_theta"]?.anyNumber)
    for key in ["factor", "low_freq_factor", "high_freq_factor"] {
      #expect(config["rope_scaling"]?[key]?.anyNumber == rotary[key]?.anyNumber)
    }
  }

  @Test("Norms lie nearer to zero again, and stay in the type of the rest where nothing is lost")
  func shiftedNorms() throws {
    var checkpoint = try asGGUF(CheckpointFixture.gemma.path)
    let place = try #require(checkpoint.tensors.firstIndex { $0.name == "output_norm.weight" })
    // 2^-20 and half a step of 1: sums of which BF16 can hold less than single precision does.
    let weights: [Float] = [0, 0.5, 0x1p-20, 0x1.02p-20]
    let sums = weights.map { $0 + 1 } + [Float](repeating: 1, count: 28)
    checkpoint.tensors[place].type = .f32
    checkpoint.tensors[place].source = TensorSource(.values(sums))
    func type(_ checkpoint: Checkpoint) throws -> TensorType? {
      let folder = try HuggingFaceFolder(of: checkpoint, type: .bf16)
      let shard = try #require(folder.shards.first)
      let norm = try #require(shard.tensors.first { $0.name == "model.norm.weight" })
      #expect(norm.source.shift == -1)
      return shard.layout.tensors.first { $0.name == "model.norm.weight" }?.type
    }
    #expect(try type(checkpoint) == .bf16)
    checkpoint.tensors[place].source = TensorSource(.values([1.0001] + sums.dropFirst()))
    #expect(try type(checkpoint) == .f32)
  }

  @Test(
    "A number that a GGUF lacks is what engines take, or refused where a folder cannot say that",
    arguments: [
      (CheckpointFixture.gemma2, "attn_logit_softcapping", JSONValue.number(50)),
      (.gemma2, "attention.sliding_window", .integer(4096)),
      (.granite, "residual_scale", .number(1)),
      (.granite, "attention.scale", nil),
      (.gemma3, "attention.sliding_window", nil),
    ] as [(CheckpointFixture, String, JSONValue?)])
  func missingNumbers(_ fixture: CheckpointFixture, key: String, value: JSONValue?) throws {
    var checkpoint = try asGGUF(fixture.path)
    let full = "\(checkpoint.architecture).\(key)"
    #expect(checkpoint.metadata[full] != nil)
    checkpoint.metadata[full] = nil
    guard let value else {
      #expect {
        try HuggingFaceFolder(of: checkpoint)
      } throws: {
        guard case .badKey(full, _, _)? = ($0 as? CheckpointError)?.reason else { return false }
        return true
      }
      return
    }
    let config = try json("config.json", of: try HuggingFaceFolder(of: checkpoint))
    #expect(config.object?.contains { $0.value.anyNumber == value.anyNumber } == true)
  }
}

extension JSONValue {
  fileprivate var anyNumber: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
