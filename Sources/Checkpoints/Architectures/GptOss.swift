import Tokenizers

/// gpt-oss: attention with a sink for each head and a window in every other layer, experts with biases.
///
/// Hugging Face keeps the experts of a layer in one tensor, the gate's and the up projection's in turn: as
/// plain floats by columns, in MXFP4 by rows.
///
/// - Source: `GptOssModel` in llama.cpp's conversion/gpt_oss.py; `GptOssConfig` of transformers 5.
extension Architecture {
  static let gptOss = Architecture(
    className: "GptOssForCausalLM", modelType: "gpt_oss", name: "gpt-oss",
    tensors: [.embedding, .norm("input_layernorm", "attn_norm")]
      + .attention(biases: .all)
      + [
        .layer("self_attn.sinks", "attn_sinks.weight", .queryHeads),
        .norm("post_attention_layernorm", "post_attention_norm"),
        .layer("mlp.router.weight", "ffn_gate_inp.weight", .experts, .width),
        .layer("mlp.router.bias", "ffn_gate_inp.bias", .experts),
      ]
      + gptOssExperts("gate_up_proj", "ffn_gate_exps", .expertFeedForward, .width) {
        $0.takingTurn(0, of: 2)
      }
      + gptOssExperts("gate_up_proj", "ffn_up_exps", .expertFeedForward, .width) {
        $0.takingTurn(1, of: 2)
      }
      + gptOssExperts("down_proj", "ffn_down_exps", .width, .expertFeedForward)
      + [.outputNorm, .output],
    defaults: ConfigDefaults(
      kvHeadCount: 8, contextLength: 131_072, headDim: 64, normEpsilon: 1e-5, rotaryBase: 150_000,
      rotaryScaling: .yarn(
        RotaryScaling.Yarn(
          factor: 32, originalContextLength: 4096, betaFast: 32, betaSlow: 1))),
    keys: MetadataKey.standard.withExperts("num_local_experts", else: 128, used: 4) + [
      .scalar(
        .integer(
          "sliding_window", "attention.sliding_window", else: 128, in: DecoderConfig.Limit.extent)
      ),
      .onlyExpertWidth,
    ],
    alwaysStatesHeadDim: true, roundsRamp: false, keepsBlocks: true,
    biasKeys: [("attention_bias", "blk.0.attn_q.bias")],
    members: { decoder in
      let layers = (0..<decoder.layerCount).map {
        JSONValue.string($0 % 2 == 0 ? "sliding_attention" : "full_attention")
      }
      return [("layer_types", .array(layers)), ("swiglu_limit", .number(7))]
    },
    check: { config, decoder in
      try config.expectWindows(period: 2, decoder)
      for (key, usual) in [("swiglu_alpha", 1.702), ("swiglu_limit", 7)] {
        if let found = try config.number(key), found != usual {
          throw CheckpointError(.unsupported(key: key, value: "\(found)"), path: config.path)
        }
      }
    })

  /// A projection of all experts and its biases.
  private static func gptOssExperts(
    _ huggingFace: String, _ gguf: String, _ rows: TensorPair.Extent, _ columns: TensorPair.Extent,
    _ change: (TensorPair) -> TensorPair = { $0 }
  ) -> [TensorPair] {
    let name = "mlp.experts.\(huggingFace)"
    return [
      change(.layer(name, "\(gguf).weight", .experts, rows, columns).transposed),
      change(.layer("\(name)_bias", "\(gguf).bias", .experts, rows)),
    ]
  }
}
