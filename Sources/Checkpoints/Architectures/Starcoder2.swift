extension Architecture {
  /// StarCoder 2: norms around the mean, biases everywhere, a feed-forward network without a gate.
  ///
  /// The window is a key of ours: llama.cpp's converter leaves it out.
  ///
  /// - Source: `StarCoder2Model` in llama.cpp's conversion/starcoder.py; `Starcoder2Config` of
  ///   transformers 5.
  static let starcoder2 = Architecture(
    className: "Starcoder2ForCausalLM", modelType: "starcoder2", name: "starcoder2",
    tensors: [.embedding]
      + TensorPair.layerNorm("model.layers.#.input_layernorm", "blk.#.attn_norm")
      + .attention(biases: .all)
      + TensorPair.layerNorm("model.layers.#.post_attention_layernorm", "blk.#.ffn_norm")
      + [
        .layer("mlp.c_fc.weight", "ffn_up.weight", .feedForward, .width),
        .layer("mlp.c_fc.bias", "ffn_up.bias", .feedForward, optional: true),
        .layer("mlp.c_proj.weight", "ffn_down.weight", .width, .feedForward),
        .layer("mlp.c_proj.bias", "ffn_down.bias", .width, optional: true),
      ]
      + TensorPair.layerNorm("model.norm", "output_norm") + [.output],
    names: .layerNorm("norm_epsilon"),
    defaults: ConfigDefaults(
      kvHeadCount: 2, contextLength: 4096, normEpsilon: 1e-5, tiesEmbeddings: true),
    keys: MetadataKey.standard + [
      .scalar(.integer("sliding_window", "attention.sliding_window"))
    ],
    activation: Activation(
      key: "hidden_act", value: "gelu_pytorch_tanh", synonyms: ["gelu_new", "gelu_fast"]),
    biasKeys: [("use_bias", "blk.0.attn_output.bias")], preTokenizer: "starcoder")
}
