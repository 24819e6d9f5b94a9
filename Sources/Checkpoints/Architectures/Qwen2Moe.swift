extension Architecture {
  /// Qwen1.5-MoE and Qwen2 57B-A14B: one expert that every token passes, through a gate of its own, beside
  /// those that the router chooses.
  ///
  /// - Source: `Qwen2MoeModel` in llama.cpp's conversion/qwen.py; `Qwen2MoeConfig` of transformers 5.
  static let qwen2Moe = Architecture(
    className: "Qwen2MoeForCausalLM", modelType: "qwen2_moe", name: "qwen2moe",
    tensors: [.embedding, .norm("input_layernorm", "attn_norm")]
      + [TensorPair].attention(biases: .inputs).map(\.required)
      + [.norm("post_attention_layernorm", "ffn_norm")]
      + .experts()
      + [
        .layer("mlp.shared_expert_gate.weight", "ffn_gate_inp_shexp.weight", .one, .width),
        .layer(
          "mlp.shared_expert.gate_proj.weight", "ffn_gate_shexp.weight", .sharedFeedForward, .width),
        .layer(
          "mlp.shared_expert.up_proj.weight", "ffn_up_shexp.weight", .sharedFeedForward, .width),
        .layer(
          "mlp.shared_expert.down_proj.weight", "ffn_down_shexp.weight", .width, .sharedFeedForward),
        .outputNorm, .output,
      ],
    fused: fusedExperts,
    defaults: ConfigDefaults(kvHeadCount: 16, contextLength: 32_768),
    keys: MetadataKey.standard.withExperts("num_experts", else: 60, used: 4) + [
      .expertWidth(1408),
      .scalar(
        .integer(
          "shared_expert_intermediate_size", "expert_shared_feed_forward_length", else: 5632,
          in: DecoderConfig.Limit.extent)),
    ],
    members: { _ in
      [
        ("decoder_sparse_step", .integer(1)), ("mlp_only_layers", .array([])),
        ("norm_topk_prob", .bool(false)), ("use_sliding_window", .bool(false)),
      ]
    },
    check: { config, _ in try config.expectMixture(normalizesWeights: false) })
}
