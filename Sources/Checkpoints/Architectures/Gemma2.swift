extension Architecture {
  /// Gemma 2: norms on both sides of each block, bounds on scores and logits, windows in every other layer.
  ///
  /// - Source: `Gemma2Model` in llama.cpp's conversion/gemma.py; `Gemma2Config` of transformers 5.
  static let gemma2 = Architecture(
    className: "Gemma2ForCausalLM", modelType: "gemma2", name: "gemma2",
    tensors: ([.embedding, .norm("input_layernorm", "attn_norm")]
      + .attention()
      + [
        .norm("post_attention_layernorm", "post_attention_norm"),
        .norm("pre_feedforward_layernorm", "ffn_norm"),
      ]
      + .gatedFeedForward()
      + [.norm("post_feedforward_layernorm", "post_ffw_norm"), .outputNorm]).withShiftedNorms,
    repeated: ["lm_head.weight"],
    defaults: ConfigDefaults(
      kvHeadCount: 4, contextLength: 8192, headDim: 256, tiesEmbeddings: true),
    keys: gemmaKeys + [
      .scalar(.number("attn_logit_softcapping", "attn_logit_softcapping", else: 50)),
      .scalar(.number("final_logit_softcapping", "final_logit_softcapping", else: 30)),
      .scalar(.integer("sliding_window", "attention.sliding_window", else: 4096)),
    ],
    alwaysStatesHeadDim: true, rotaryScalings: [.none],
    activation: Activation(key: "hidden_activation", value: geluTanh),
    members: { [("query_pre_attn_scalar", .integer($0.gemmaScalar(largestLayerCount: 46)))] },
    check: { config, decoder in
      try config.expectCausal()
      try config.expectTied(decoder)
      try config.expect(rotaryBase: 10_000, of: decoder)
      try config.expectGemmaScale(decoder, largestLayerCount: 46)
      try config.expectWindows(period: 2, decoder)
    },
    pieces: PieceRules(addsSpacePrefix: false))
}
