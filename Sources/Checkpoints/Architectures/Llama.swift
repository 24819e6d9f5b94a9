extension Architecture {
  /// Llama 1 to 3 and the many models of their shape, such as SmolLM2 and Yi.
  ///
  /// - Source: `LlamaModel` in llama.cpp's conversion/llama.py; `LlamaConfig` of transformers 5.
  static let llama = Architecture(
    className: "LlamaForCausalLM", modelType: "llama", name: "llama", tensors: llamaTensors,
    alwaysStatesHeadDim: true, statesVocabulary: true,
    rotaryScalings: [.none, .linear, .yarn, .llama3], biasKeys: llamaBiasKeys,
    statesPrefixSpace: true)

  /// Tensors of Llama and of those that only compute with them differently.
  static let llamaTensors: [TensorPair] =
    [.embedding, .norm("input_layernorm", "attn_norm")]
    + .attention(turns: true, biases: .all)
    + [.norm("post_attention_layernorm", "ffn_norm")]
    + .gatedFeedForward(biases: true)
    + [.outputNorm, .output]

  static let llamaBiasKeys = [
    (key: "attention_bias", tensor: "blk.0.attn_output.bias"),
    (key: "mlp_bias", tensor: "blk.0.ffn_down.bias"),
  ]
}
