extension Architecture {
  /// Qwen2 and Qwen2.5: biases on queries, keys and values, and rotary halves kept as they are.
  ///
  /// - Source: `Qwen2Model` in llama.cpp's conversion/qwen.py; `Qwen2Config` of transformers 5.
  static let qwen2 = Architecture(
    className: "Qwen2ForCausalLM", modelType: "qwen2", name: "qwen2",
    tensors: [.embedding, .norm("input_layernorm", "attn_norm")]
      + [TensorPair].attention(biases: .inputs).map(\.required)
      + [.norm("post_attention_layernorm", "ffn_norm")]
      + .gatedFeedForward()
      + [.outputNorm, .output],
    defaults: ConfigDefaults(kvHeadCount: 32, contextLength: 32_768),
    members: { _ in [("use_sliding_window", .bool(false))] })
}
