extension Architecture {
  /// Qwen3 30B-A3B and 235B-A22B: Qwen3 with experts, whose weights add up to one.
  ///
  /// - Source: `Qwen3MoeModel` in llama.cpp's conversion/qwen.py; `Qwen3MoeConfig` of transformers 5.
  static let qwen3Moe = Architecture(
    className: "Qwen3MoeForCausalLM", modelType: "qwen3_moe", name: "qwen3moe",
    tensors: [.embedding, .norm("input_layernorm", "attn_norm")]
      + .attention(biases: .all)
      + [
        .norm("self_attn.q_norm", "attn_q_norm", .head),
        .norm("self_attn.k_norm", "attn_k_norm", .head),
        .norm("post_attention_layernorm", "ffn_norm"),
      ]
      + .experts()
      + [.outputNorm, .output],
    fused: fusedExperts,
    defaults: ConfigDefaults(kvHeadCount: 4, contextLength: 32_768),
    keys: MetadataKey.standard.withExperts("num_experts", else: 128, used: 8) + [.expertWidth(768)],
    biasKeys: [("attention_bias", "blk.0.attn_q.bias")],
    members: { _ in
      [
        ("decoder_sparse_step", .integer(1)), ("mlp_only_layers", .array([])),
        ("norm_topk_prob", .bool(true)), ("use_sliding_window", .bool(false)),
      ]
    },
    check: { config, _ in try config.expectMixture(normalizesWeights: true) })
}
