import Tokenizers

extension Architecture {
  /// GPT-2: learned positions, norms around the mean, matrices that Hugging Face keeps by columns.
  ///
  /// - Source: `GPT2Model` in llama.cpp's conversion/gpt2.py; `GPT2Config` of transformers 5.
  static let gpt2 = Architecture(
    className: "GPT2LMHeadModel", modelType: "gpt2", name: "gpt2",
    tensors: [
      TensorPair("transformer.wte.weight", "token_embd.weight", .vocabulary, .width),
      TensorPair("transformer.wpe.weight", "position_embd.weight", .positions, .width),
    ]
      + TensorPair.layerNorm("transformer.h.#.ln_1", "blk.#.attn_norm")
      + columns("attn.c_attn", "attn_qkv", .inputs, .width)
      + columns("attn.c_proj", "attn_output", .width, .queries)
      + TensorPair.layerNorm("transformer.h.#.ln_2", "blk.#.ffn_norm")
      + columns("mlp.c_fc", "ffn_up", .feedForward, .width)
      + columns("mlp.c_proj", "ffn_down", .width, .feedForward)
      + TensorPair.layerNorm("transformer.ln_f", "output_norm") + [.output],
    names: ConfigNames(
      layerCount: "n_layer", width: "n_embd", feedForwardWidth: "n_inner", feedForwardShare: 4,
      headCount: "n_head", contextLength: "n_positions", normEpsilon: "layer_norm_epsilon",
      normEpsilonKey: "attention.layer_norm_epsilon",
      absent: [
        "attention_dropout", "head_dim", "num_key_value_heads", "rope_scaling", "rope_theta",
      ],
      tensorPrefix: "transformer."),
    defaults: ConfigDefaults(contextLength: 1024, normEpsilon: 1e-5, tiesEmbeddings: true),
    keys: [
      .layerCount, .contextLength, .width, .feedForwardWidth, .headCount, .normEpsilon, .fileType,
    ],
    rotaryScalings: [.none],
    activation: Activation(
      key: "activation_function", value: "gelu_new", synonyms: ["gelu_pytorch_tanh", "gelu_fast"]),
    members: { [("n_ctx", .integer($0.contextLength))] },
    check: { config, _ in
      for (key, usual) in [
        ("scale_attn_weights", true), ("scale_attn_by_inverse_layer_idx", false),
        ("add_cross_attention", false),
      ] {
        if let value = try config.bool(key), value != usual {
          throw CheckpointError(.unsupported(key: key, value: "\(value)"), path: config.path)
        }
      }
    })

  /// A matrix that Hugging Face keeps by columns, and its bias.
  private static func columns(
    _ huggingFace: String, _ gguf: String, _ rows: TensorPair.Extent, _ columns: TensorPair.Extent
  ) -> [TensorPair] {
    let (huggingFace, gguf) = ("transformer.h.#.\(huggingFace)", "blk.#.\(gguf)")
    return [
      TensorPair("\(huggingFace).weight", "\(gguf).weight", rows, columns).transposed,
      TensorPair("\(huggingFace).bias", "\(gguf).bias", rows),
    ]
  }
}
