import Checkpoints
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Tokenizers

/// What is particular to Phi-3, GPT-2, StarCoder 2 and StableLM.
@Suite struct FamilyTests {
  private func config(_ fixture: CheckpointFixture) throws -> JSONValue {
    var checkpoint = try Checkpoint(at: fixture.path)
    checkpoint.origin = .gguf
    let file = try #require(
      try HuggingFaceFolder(of: checkpoint).textFiles.first { $0.name == "config.json" })
    return try JSONValue(parsing: file.bytes)
  }

  @Test(
    "config.json keeps what matters through a GGUF",
    arguments: [
      (
        CheckpointFixture.phi3,
        [
          "partial_rotary_factor", "sliding_window", "original_max_position_embeddings",
          "max_position_embeddings", "rms_norm_eps", "hidden_act", "tie_word_embeddings",
        ]
      ),
      (
        .gpt2,
        [
          "n_layer", "n_embd", "n_head", "n_positions", "n_ctx", "n_inner", "activation_function",
          "layer_norm_epsilon",
        ]
      ),
      (
        .starcoder2,
        ["norm_epsilon", "use_bias", "hidden_act", "num_key_value_heads", "sliding_window"]
      ),
      (
        .stableLM,
        ["layer_norm_eps", "use_qkv_bias", "use_parallel_residual", "qk_layernorm", "hidden_act"]
      ),
      (.stableLMParallel, ["use_qkv_bias", "use_parallel_residual", "num_key_value_heads"]),
    ])
  func configuration(fixture: CheckpointFixture, keys: [String]) throws {
    let original = try JSONValue(parsing: readBytes(fixture.path.appending("config.json")))
    let written = try config(fixture)
    for key in keys {
      // transformers 5 has it among the rotary parameters.
      let expected = original[key] ?? original["rope_parameters"]?[key]
      #expect(written[key] == expected, "\(key)")
    }
  }

  @Test("Long rope comes back with the divisors and the attention factor that it had")
  func longRope() throws {
    let original = try JSONValue(
      parsing: readBytes(CheckpointFixture.phi3.path.appending("config.json")))
    let scaling = try config(.phi3)["rope_scaling"]
    #expect(scaling?["rope_type"] == .string("longrope"))
    for key in ["short_factor", "long_factor"] {
      #expect(scaling?[key] == original["rope_parameters"]?[key])
    }
    #expect(scaling?["attention_factor"] == nil)
    let copy = try CheckpointFixture.phi3.copy()
    try copy.replace("\"rope_type\"", with: "\"attention_factor\": 1.5, \"rope_type\"")
    var checkpoint = try Checkpoint(at: copy.path)
    #expect(checkpoint.metadata["phi3.rope.scaling.attn_factor"] == .float32(1.5))
    checkpoint.origin = .gguf
    let file = try HuggingFaceFolder(of: checkpoint).textFiles.first { $0.name == "config.json" }
    let again = try JSONValue(parsing: try #require(file).bytes)
    #expect(again["rope_scaling"]?["attention_factor"] == .number(1.5))
  }

  @Test("The older word for long rope means the same, and no window is zero")
  func olderWords() throws {
    let copy = try CheckpointFixture.phi3.copy()
    try copy.replace("\"rope_type\": \"longrope\"", with: "\"type\": \"su\"")
    try copy.replace("\"sliding_window\": 512", with: "\"sliding_window\": null")
    let found = try Checkpoint(at: copy.path)
    let expected = try Checkpoint(at: CheckpointFixture.phi3.path)
    #expect(found.tensors.map(\.name) == expected.tensors.map(\.name))
    #expect(found.metadata["phi3.attention.sliding_window"] == .uint32(0))
  }

  @Test("GPT-2 as it was published: names without a prefix, masks beside the weights")
  func publishedGPT2() throws {
    let copy = try CheckpointFixture.gpt2.copy()
    var text = try readBytes(copy.path.appending("model.safetensors"))
    // The same length, so that the header stays true: spaces follow it.
    let header = String(
      decoding: text.prefix(20_000).dropFirst(8).prefix { $0 != 0 }, as: UTF8.self)
    let length = Int(text[0]) | Int(text[1]) << 8
    let old = String(header.utf8.prefix(length))!
    let new = old.replacing("\"transformer.", with: "\"")
    text.replaceSubrange(
      8..<8 + length,
      with: Array((new + String(repeating: " ", count: length - new.utf8.count)).utf8))
    try copy.write(text, as: "model.safetensors")
    let found = try Checkpoint(at: copy.path)
    let expected = try Checkpoint(at: CheckpointFixture.gpt2.path)
    #expect(found.tensors.map(\.name).sorted() == expected.tensors.map(\.name).sorted())
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let fixture: CheckpointFixture
    let old: String
    let new: String
    let key: String
    var testDescription: String { "\(fixture): \(new)" }
  }

  @Test(
    "What a GGUF cannot say or means nothing is refused by its key",
    arguments: [
      Refusal(fixture: .phi3, old: "      1.1,\n      2.0,", new: "      2.0,", key: "long_factor"),
      Refusal(fixture: .phi3, old: "      1.25\n", new: "      0\n", key: "short_factor"),
      Refusal(fixture: .phi3, old: "      1.25\n", new: "      \"x\"\n", key: "short_factor"),
      Refusal(
        fixture: .phi3, old: "\"partial_rotary_factor\": 0.75",
        new: "\"partial_rotary_factor\": 0.7",
        key: "partial_rotary_factor"),
      Refusal(
        fixture: .phi3, old: "\"rope_type\": \"longrope\"",
        new: "\"rope_type\": \"yarn\", \"factor\": 4", key: "rope_type"),
      Refusal(
        fixture: .gpt2, old: "\"scale_attn_weights\": true", new: "\"scale_attn_weights\": false",
        key: "scale_attn_weights"),
      Refusal(
        fixture: .gpt2, old: "\"activation_function\": \"gelu_new\"",
        new: "\"activation_function\": \"relu\"", key: "activation_function"),
      Refusal(fixture: .gpt2, old: "\"n_head\": 4", new: "\"n_head\": 5", key: "n_head"),
      Refusal(
        fixture: .starcoder2, old: "\"hidden_act\": \"gelu_pytorch_tanh\"",
        new: "\"hidden_act\": \"gelu\"", key: "hidden_act"),
    ])
  func refusals(_ refusal: Refusal) throws {
    let copy = try refusal.fixture.copy()
    try copy.replace(refusal.old, with: refusal.new)
    #expect {
      try Checkpoint(at: copy.path)
    } throws: { error in
      switch (error as? CheckpointError)?.reason {
      case .badKey(let key, _, _), .unsupported(let key, _): key == refusal.key
      default: false
      }
    }
  }

  @Test("Divisors of another length in a GGUF are refused with both shapes")
  func divisors() throws {
    var checkpoint = try Checkpoint(at: CheckpointFixture.phi3.path)
    checkpoint.origin = .gguf
    let place = try #require(
      checkpoint.tensors.firstIndex { $0.name == "rope_factors_long.weight" })
    checkpoint.tensors[place].shape = try Shape([5])
    #expect {
      try HuggingFaceFolder(of: checkpoint)
    } throws: { error in
      guard
        case .wrongShape("rope_factors_long.weight", let expected, _)? =
          (error as? CheckpointError)?.reason
      else { return false }
      return expected.dimensions == [6]
    }
  }
}
