extension Architecture {
  /// Mistral 7B to Small and Nemo, to a GGUF a Llama; the first ones with a window.
  ///
  /// - Source: `LlamaModel` in llama.cpp's conversion/llama.py; `MistralConfig` of transformers 5.
  static let mistral = Architecture(
    className: "MistralForCausalLM", modelType: "mistral", name: "llama",
    tensors: [.embedding, .norm("input_layernorm", "attn_norm")]
      + .attention(turns: true)
      + [.norm("post_attention_layernorm", "ffn_norm")]
      + .gatedFeedForward()
      + [.outputNorm, .output],
    defaults: ConfigDefaults(kvHeadCount: 8, contextLength: 131_072),
    keys: MetadataKey.standard + [.window(else: 4096)],
    alwaysStatesHeadDim: true, statesVocabulary: true, statesPrefixSpace: true)
}
