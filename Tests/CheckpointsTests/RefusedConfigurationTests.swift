import Checkpoints
import Foundation
import TestSupport
import Testing

/// Configurations that a GGUF cannot say and engines would take for another model.
@Suite struct RefusedConfigurationTests {
  struct Change: CustomStringConvertible, Sendable {
    let fixture: CheckpointFixture
    let old: String
    let new: String
    /// The key that the refusal names.
    let key: String
    var description: String { "\(fixture): \(new)" }

    init(_ fixture: CheckpointFixture, _ old: String, _ new: String, _ key: String) {
      self.fixture = fixture
      self.old = old
      self.new = new
      self.key = key
    }
  }

  static let changes = [
    Change(
      .gemma, "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false",
      "tie_word_embeddings"),
    Change(.gemma, "\"rope_theta\": 10000.0", "\"rope_theta\": 20000.0", "rope_theta"),
    Change(.gemma, "\"gelu_pytorch_tanh\"", "\"silu\"", "hidden_act"),
    Change(
      .gemma, "\"use_bidirectional_attention\": null", "\"use_bidirectional_attention\": true",
      "use_bidirectional_attention"),
    Change(
      .gemma2, "\"query_pre_attn_scalar\": 16", "\"query_pre_attn_scalar\": 8",
      "query_pre_attn_scalar"),
    Change(
      .gemma2, "\"attn_logit_softcapping\": 5.0", "\"attn_logit_softcapping\": null",
      "attn_logit_softcapping"),
    Change(
      .gemma2, "\"sliding_attention\",\n    \"full_attention\"",
      "\"full_attention\",\n    \"full_attention\"", "layer_types"),
    Change(
      .gemma3, "\"sliding_attention\",\n    \"full_attention\"",
      "\"full_attention\",\n    \"sliding_attention\"", "layer_types"),
    Change(
      .gemma3, "\"attn_logit_softcapping\": null", "\"attn_logit_softcapping\": 5",
      "attn_logit_softcapping"),
    Change(.gemma3, "\"rope_type\": \"default\"", "\"rope_type\": \"yarn\"", "rope_type"),
    Change(.gemma3, "\"rope_type\": \"linear\"", "\"rope_type\": \"llama3\"", "rope_type"),
    Change(
      .smolLM3, "\"no_rope_layers\": [\n    1,\n    1,\n    1,\n    0\n  ]",
      "\"no_rope_layers\": [1, 0, 1, 0]", "no_rope_layers"),
    Change(.granite, "\"hidden_size\": 32", "\"head_dim\": 16,\n  \"hidden_size\": 32", "head_dim"),
    Change(
      .qwen3, "\"rope_theta\": 100000.0", "\"rope_theta\": 1, \"partial_rotary_factor\": 0.5",
      "partial_rotary_factor"),
    Change(.gptOss, "\"swiglu_limit\": 7.0", "\"swiglu_limit\": 6.0", "swiglu_limit"),
    Change(.gptOss, "\"swiglu_alpha\": 1.702", "\"swiglu_alpha\": 1.0", "swiglu_alpha"),
    Change(.gptOss, "\"sliding_window\": 6", "\"sliding_window\": null", "sliding_window"),
    Change(.gptOss, "\"truncate\": false", "\"truncate\": 0.5", "truncate"),
    Change(
      .gptOss, "\"sliding_attention\",\n    \"full_attention\"",
      "\"full_attention\",\n    \"sliding_attention\"", "layer_types"),
    Change(
      .glm4, "\"partial_rotary_factor\": 0.5", "\"partial_rotary_factor\": 1.5",
      "partial_rotary_factor"),
    Change(
      .glm4, "\"partial_rotary_factor\": 0.5", "\"partial_rotary_factor\": 0.07",
      "partial_rotary_factor"),
  ]

  @Test("They are refused by the key", arguments: changes)
  func refused(_ change: Change) throws {
    let copy = try change.fixture.copy()
    try copy.replace(change.old, with: change.new)
    #expect {
      try Checkpoint(at: copy.path)
    } throws: { error in
      switch (error as? CheckpointError)?.reason {
      case .unsupported(change.key, _), .badKey(change.key, _, _): true
      default: false
      }
    }
  }

  @Test("A window that has no place in a GGUF is left out with a warning")
  func window() throws {
    let copy = try CheckpointFixture.qwen3.copy()
    try copy.replace("\"use_sliding_window\": false", with: "\"use_sliding_window\": true")
    let checkpoint = try Checkpoint(at: copy.path)
    #expect(checkpoint.warnings.contains { $0.contains("sliding window") })
    #expect(try Checkpoint(at: CheckpointFixture.qwen3.path).warnings.isEmpty)
    #expect(try Checkpoint(at: CheckpointFixture.gemma2.path).warnings.isEmpty)
  }

  @Test("Dynamic scaling, which counts beyond the context only, is left out with a warning")
  func dynamicScaling() throws {
    let copy = try CheckpointFixture.llama.copy()
    try copy.replace(
      "\"rope_scaling\": null", with: "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2}")
    let checkpoint = try Checkpoint(at: copy.path)
    #expect(checkpoint.warnings.contains { $0.contains("dynamic rotary scaling") })
    let plain = try Checkpoint(at: CheckpointFixture.llama.path)
    #expect(checkpoint.metadata["llama.rope.scaling.type"] == nil)
    #expect(checkpoint.metadata.count == plain.metadata.count)
  }

  @Test("Two scales of YaRN give its attention factor, as in transformers")
  func yarnScales() throws {
    let copy = try CheckpointFixture.llama.copy()
    try copy.replace(
      "\"rope_scaling\": null",
      with: """
        "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 64,
          "mscale": 2, "mscale_all_dim": 1}
        """)
    let expected = (0.2 * log(4.0) + 1) / (0.1 * log(4.0) + 1)
    let found = try Checkpoint(at: copy.path).metadata.float("llama.rope.scaling.yarn_attn_factor")
    #expect(abs(try #require(found) - expected) < 1e-6)
  }

  @Test("What a configuration leaves out is what transformers takes")
  func defaults() throws {
    let copy = try CheckpointFixture.gemma3.copy()
    for (old, new) in [
      ("  \"sliding_window\": 6,\n", ""), ("  \"tie_word_embeddings\": true,\n", ""),
      ("  \"max_position_embeddings\": 256,\n", ""), ("  \"rms_norm_eps\": 1e-05,\n", ""),
      ("\"rope_parameters\"", "\"not_these\""),
    ] { try copy.replace(old, with: new) }
    let metadata = try Checkpoint(at: copy.path).metadata
    #expect(metadata.integer("gemma3.attention.sliding_window") == 4096)
    #expect(metadata.integer("gemma3.context_length") == 131_072)
    #expect(metadata["gemma3.attention.layer_norm_rms_epsilon"] == .float32(1e-6))
    #expect(metadata["gemma3.rope.freq_base"] == .float32(1_000_000))
    #expect(metadata["gemma3.rope.freq_base_swa"] == .float32(10_000))
    #expect(metadata["gemma3.rope.scaling.type"] == nil)
  }

  @Test("The base of layers with windows reads alike from the key of older configurations")
  func olderLocalBase() throws {
    let copy = try CheckpointFixture.gemma3.copy()
    try copy.replace("\"rope_parameters\"", with: "\"not_these\"")
    try copy.replace(
      "\"sliding_window\": 6",
      with: """
        "sliding_window": 6, "rope_theta": 500000, "rope_local_base_freq": 2000,
        "rope_scaling": {"rope_type": "linear", "factor": 4.0}
        """)
    let metadata = try Checkpoint(at: copy.path).metadata
    #expect(metadata["gemma3.rope.freq_base"] == .float32(500_000))
    #expect(metadata["gemma3.rope.freq_base_swa"] == .float32(2000))
    #expect(metadata["gemma3.rope.scaling.factor"] == .float32(4))
  }
}
