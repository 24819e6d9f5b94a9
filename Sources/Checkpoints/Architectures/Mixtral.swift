extension Architecture {
  /// Mixtral, to a GGUF a Llama with experts.
  ///
  /// - Source: `LlamaModel` in llama.cpp's conversion/llama.py; `MixtralConfig` of transformers 5.
  static let mixtral = Architecture(
    className: "MixtralForCausalLM", modelType: "mixtral", name: "llama",
    tensors: [.embedding, .norm("input_layernorm", "attn_norm")]
      + .attention(turns: true)
      + [.norm("post_attention_layernorm", "ffn_norm")]
      + .experts("block_sparse_moe", names: ["w1", "w3", "w2"])
      + [.outputNorm, .output],
    fused: fusedExperts,
    defaults: ConfigDefaults(
      kvHeadCount: 8, contextLength: 131_072, normEpsilon: 1e-5, rotaryBase: 1_000_000),
    keys: MetadataKey.standard.withExperts("num_local_experts", else: 8, used: 2) + [
      .window(else: nil)
    ],
    alwaysStatesHeadDim: true, statesVocabulary: true, statesPrefixSpace: true)
}
