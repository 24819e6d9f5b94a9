extension Architecture {
  /// GLM-4 of 2025: norms on both sides of each block, half of each head rotated, gate and up projection
  /// in one matrix.
  ///
  /// - Source: `Glm4Model` in llama.cpp's conversion/glm.py; `Glm4Config` of transformers 5.
  static let glm4 = Architecture(
    className: "Glm4ForCausalLM", modelType: "glm4", name: "glm4",
    tensors: [.embedding, .norm("input_layernorm", "attn_norm")]
      + .attention(biases: .inputs)
      + [
        .norm("post_self_attn_layernorm", "post_attention_norm"),
        .norm("post_attention_layernorm", "ffn_norm"),
        .layer("mlp.gate_up_proj.weight", "ffn_up.weight", .gateAndUp, .width),
        .layer("mlp.down_proj.weight", "ffn_down.weight", .width, .feedForward),
        .norm("post_mlp_layernorm", "post_ffw_norm"), .outputNorm, .output,
      ],
    defaults: ConfigDefaults(
      kvHeadCount: 2, contextLength: 131_072, headDim: 128, normEpsilon: 1.5625e-7,
      rotaryShare: 0.5),
    keys: MetadataKey.standard + [.rotaryDim], alwaysStatesHeadDim: true,
    biasKeys: [("attention_bias", "blk.0.attn_q.bias")],
    roles: [
      ("eos", "<|endoftext|>"), ("eot", "<|user|>"), ("unk", "<|endoftext|>"),
      ("bos", "<|endoftext|>"),
    ])
}
