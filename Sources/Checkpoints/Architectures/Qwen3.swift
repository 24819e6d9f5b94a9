extension Architecture {
  /// Qwen3: norms of each head's queries and keys.
  ///
  /// - Source: `Qwen3Model` in llama.cpp's conversion/qwen.py; `Qwen3Config` of transformers 5.
  static let qwen3 = Architecture(
    className: "Qwen3ForCausalLM", modelType: "qwen3", name: "qwen3",
    tensors: [.embedding, .norm("input_layernorm", "attn_norm")]
      + .attention(biases: .all)
      + [
        .norm("self_attn.q_norm", "attn_q_norm", .head),
        .norm("self_attn.k_norm", "attn_k_norm", .head),
        .norm("post_attention_layernorm", "ffn_norm"),
      ]
      + .gatedFeedForward()
      + [.outputNorm, .output],
    defaults: ConfigDefaults(kvHeadCount: 32, contextLength: 32_768, headDim: 128),
    alwaysStatesHeadDim: true,
    biasKeys: [("attention_bias", "blk.0.attn_q.bias")],
    members: { _ in [("use_sliding_window", .bool(false))] })
}
