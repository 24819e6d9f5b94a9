extension Architecture {
  /// StableLM 3B and StableLM 2: norms around the mean, a quarter of each head rotated; in the largest
  /// the feed-forward network stands beside attention, and heads have norms of their own.
  ///
  /// - Source: `StableLMModel` in llama.cpp's conversion/stablelm.py; `StableLmConfig` of transformers 5.
  static let stableLM = Architecture(
    className: "StableLmForCausalLM", modelType: "stablelm", name: "stablelm",
    tensors: [.embedding]
      + TensorPair.layerNorm("model.layers.#.input_layernorm", "blk.#.attn_norm")
      + .attention(biases: .inputs)
      + [headNorm("q_layernorm", "attn_q_norm", .queryHeads)]
      + [headNorm("k_layernorm", "attn_k_norm", .keyHeads)]
      + TensorPair.layerNorm(
        "model.layers.#.post_attention_layernorm", "blk.#.ffn_norm", optional: true)
      + .gatedFeedForward()
      + TensorPair.layerNorm("model.norm", "output_norm") + [.output],
    names: .layerNorm("layer_norm_eps"),
    defaults: ConfigDefaults(
      kvHeadCount: 32, contextLength: 4096, normEpsilon: 1e-5, rotaryShare: 0.25),
    keys: [
      .contextLength, .width, .layerCount, .feedForwardWidth, .rotaryDim, .headCount, .kvHeadCount,
      .scalar(.flag("use_parallel_residual", "use_parallel_residual")), .normEpsilon, .fileType,
      .unusualRotaryBase,
    ],
    rotaryScalings: [.none],
    biasKeys: [
      ("use_qkv_bias", "blk.0.attn_q.bias"), ("qk_layernorm", "blk.0.attn_q_norm.weight"),
    ])

  /// A norm for each head, of which Hugging Face has one by one.
  private static func headNorm(
    _ huggingFace: String, _ gguf: String, _ heads: TensorPair.Extent
  ) -> TensorPair {
    .layer(
      "self_attn.\(huggingFace).norms.*.weight", "\(gguf).weight", heads, .head, optional: true)
  }
}
