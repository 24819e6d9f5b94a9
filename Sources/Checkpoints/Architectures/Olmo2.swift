extension Architecture {
  /// OLMo 2: norms behind the blocks and over all heads of queries, and of keys.
  ///
  /// - Source: `Olmo2Model` in llama.cpp's conversion/olmo.py; `Olmo2Config` of transformers 5.
  static let olmo2 = Architecture(
    className: "Olmo2ForCausalLM", modelType: "olmo2", name: "olmo2",
    tensors: [.embedding]
      + .attention()
      + [
        .norm("self_attn.q_norm", "attn_q_norm", .queries),
        .norm("self_attn.k_norm", "attn_k_norm", .keys),
        .norm("post_attention_layernorm", "post_attention_norm"),
      ]
      + .gatedFeedForward()
      + [.norm("post_feedforward_layernorm", "post_ffw_norm"), .outputNorm, .output],
    defaults: ConfigDefaults(normEpsilon: 1e-5))
}
