extension Architecture {
  /// Phi-3, Phi-3.5 and Phi-4 of mini and medium size: queries, keys and values in one matrix, gate and up
  /// projection in another; long rope, on a part of each head in the newest.
  ///
  /// - Source: `Phi3MiniModel` in llama.cpp's conversion/phi.py; `Phi3Config` of transformers 5.
  static let phi3 = Architecture(
    className: "Phi3ForCausalLM", modelType: "phi3", name: "phi3",
    tensors: [
      .embedding, .norm("input_layernorm", "attn_norm"),
      .layer("self_attn.qkv_proj.weight", "attn_qkv.weight", .inputs, .width),
      .layer("self_attn.o_proj.weight", "attn_output.weight", .width, .queries),
      .norm("post_attention_layernorm", "ffn_norm"),
      .layer("mlp.gate_up_proj.weight", "ffn_up.weight", .gateAndUp, .width),
      .layer("mlp.down_proj.weight", "ffn_down.weight", .width, .feedForward),
      .outputNorm, .output,
    ],
    defaults: ConfigDefaults(contextLength: 4096, normEpsilon: 1e-5),
    keys: [
      .contextLength,
      .scalar(
        .integer(
          "original_max_position_embeddings", "rope.scaling.original_context_length", else: 4096)),
      .width, .feedForwardWidth, .layerCount, .headCount, .kvHeadCount, .normEpsilon, .rotaryDim,
      .rotaryBase, .fileType,
      .scalar(.integerOrNull("sliding_window", "attention.sliding_window")),
    ],
    rotaryScalings: [.none, .longRope], mayRotateParts: true,
    pieces: PieceRules(takesTokensAsTheyAre: true))
}
