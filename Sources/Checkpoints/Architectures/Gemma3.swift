extension Architecture {
  /// The text models of Gemma 3: norms on both sides of each block and on each head's queries and keys;
  /// five layers with a window, and a rotary base of their own, to one that sees everything.
  ///
  /// - Source: `Gemma3Model` in llama.cpp's conversion/gemma.py; `Gemma3TextConfig` of transformers 5.
  static let gemma3 = Architecture(
    className: "Gemma3ForCausalLM", modelType: "gemma3_text", name: "gemma3",
    tensors: ([.embedding, .norm("input_layernorm", "attn_norm")]
      + .attention()
      + [
        .norm("self_attn.q_norm", "attn_q_norm", .head),
        .norm("self_attn.k_norm", "attn_k_norm", .head),
        .norm("post_attention_layernorm", "post_attention_norm"),
        .norm("pre_feedforward_layernorm", "ffn_norm"),
      ]
      + .gatedFeedForward()
      + [.norm("post_feedforward_layernorm", "post_ffw_norm"), .outputNorm, .output])
      .withShiftedNorms,
    defaults: ConfigDefaults(
      kvHeadCount: 4, contextLength: 131_072, headDim: 256, rotaryBase: 1_000_000,
      localRotaryBase: 10_000, tiesEmbeddings: true),
    keys: MetadataKey.standard + [
      .scalar(.number("final_logit_softcapping", "final_logit_softcapping")),
      .scalar(.integer("sliding_window", "attention.sliding_window", else: 4096).stated),
    ],
    alwaysStatesHeadDim: true, rotaryScalings: [.none, .linear],
    activation: Activation(key: "hidden_activation", value: geluTanh),
    members: { [("query_pre_attn_scalar", .integer($0.gemmaScalar(largestLayerCount: 62)))] },
    check: { config, decoder in
      try config.expectCausal()
      try config.expectGemmaScale(decoder, largestLayerCount: 62)
      try config.expectWindows(period: 6, decoder)
      if let softcap = try config.number("attn_logit_softcapping") {
        throw CheckpointError(
          .unsupported(key: "attn_logit_softcapping", value: "\(softcap)"), path: config.path)
      }
    },
    pieces: PieceRules(addsSpacePrefix: false))
}
