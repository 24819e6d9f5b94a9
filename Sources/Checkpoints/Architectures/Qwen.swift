import Tokenizers

extension Architecture {
  /// The original Qwen, 1.8B to 72B: queries, keys and values in one matrix with biases, every head its own
  /// keys and values, a feed-forward network half as wide as stated.
  ///
  /// - Source: `QwenModel` in llama.cpp's conversion/qwen.py and its src/models/qwen.cpp; arXiv 2309.16609.
  static let qwen = Architecture(
    className: "QWenLMHeadModel", modelType: "qwen", name: "qwen",
    tensors: [
      TensorPair("transformer.wte.weight", "token_embd.weight", .vocabulary, .width),
      block("ln_1.weight", "attn_norm.weight", .width),
      block("attn.c_attn.weight", "attn_qkv.weight", .inputs, .width),
      block("attn.c_attn.bias", "attn_qkv.bias", .inputs),
      block("attn.c_proj.weight", "attn_output.weight", .width, .queries),
      block("ln_2.weight", "ffn_norm.weight", .width),
      block("mlp.w1.weight", "ffn_up.weight", .halfFeedForward, .width),
      block("mlp.w2.weight", "ffn_gate.weight", .halfFeedForward, .width),
      block("mlp.c_proj.weight", "ffn_down.weight", .width, .halfFeedForward),
      TensorPair("transformer.ln_f.weight", "output_norm.weight", .width),
      TensorPair.output.required,
    ],
    names: ConfigNames(
      normEpsilon: "layer_norm_epsilon", otherNormEpsilonKey: "attention.layer_norm_epsilon",
      rotaryBase: "rotary_emb_base",
      absent: [
        "attention_dropout", "head_dim", "hidden_act", "num_key_value_heads", "rope_scaling",
      ]),
    defaults: ConfigDefaults(contextLength: 8192),
    keys: [
      .layerCount, .contextLength, .width, .feedForwardWidth, .headCount, .rotaryBase,
      .normEpsilon, .fileType,
      .scalar(
        ScalarKey.integer(
          "seq_length", "rope.scaling.original_context_length", in: 1...Int(UInt32.max)
        ).unless { Double($0.contextLength) }),
      .scalar(ScalarKey.flag("use_dynamic_ntk", "use_dynamic_ntk").unless { _ in 0 }),
      .scalar(ScalarKey.flag("use_logn_attn", "use_logn_attn").unless { _ in 0 }),
    ],
    rotaryScalings: [.none],
    members: members, check: check, notes: notes,
    folderNotes: [
      "config.json names Python files that transformers runs; copy them from the original repository"
    ], tokenizerFile: .tiktoken(.qwen),
    chatFormat: { QwenChat.format(of: $0) })

  private static func block(
    _ huggingFace: String, _ gguf: String, _ rows: TensorPair.Extent,
    _ columns: TensorPair.Extent? = nil
  ) -> TensorPair {
    TensorPair(
      "transformer.h.#.\(huggingFace)", "blk.#.\(gguf)", [rows] + (columns.map { [$0] } ?? []))
  }

  /// What the published configurations say beside.
  private static func members(_ decoder: DecoderConfig) -> [(String, JSONValue)] {
    [
      ("attn_dropout_prob", .number(0)), ("auto_map", codeMap), ("bf16", .bool(false)),
      ("emb_dropout_prob", .number(0)), ("fp16", .bool(false)), ("fp32", .bool(false)),
      ("kv_channels", .integer(decoder.headDim)), ("no_bias", .bool(true)), ("onnx_safe", .null),
      ("rotary_pct", .number(1)), ("scale_attn_weights", .bool(true)),
      ("tokenizer_class", .string("QWenTokenizer")), ("use_flash_attn", .string("auto")),
    ]
  }

  /// Where `transformers` looks for the model's own code, which a GGUF has not.
  private static let codeMap = JSONValue.members(
    ("AutoConfig", .string("configuration_qwen.QWenConfig")),
    ("AutoModelForCausalLM", .string("modeling_qwen.QWenLMHeadModel")))

  private static func check(_ config: JSONFile, _ decoder: DecoderConfig) throws {
    func refuse(_ key: String, _ value: String) -> CheckpointError {
      CheckpointError(.unsupported(key: key, value: value), path: config.path)
    }
    for key in ["no_bias", "scale_attn_weights"] where try config.bool(key) == false {
      throw refuse(key, "false")
    }
    if try config.bool("tie_word_embeddings") == true {
      throw refuse("tie_word_embeddings", "true")
    }
    if let share = try config.number("rotary_pct"), share != 1 {
      throw refuse("rotary_pct", "\(share)")
    }
    if decoder.kvHeadCount != decoder.headCount {
      throw refuse("num_key_value_heads", "\(decoder.kvHeadCount)")
    }
    if decoder.headDim != decoder.width / decoder.headCount {
      throw refuse("head_dim", "\(decoder.headDim)")
    }
    guard decoder.feedForwardWidth % 2 == 0 else {
      throw config.bad(
        "intermediate_size", "an even number, twice the width of the network",
        .integer(decoder.feedForwardWidth))
    }
  }

  /// What engines leave out of long texts.
  private static func notes(_ decoder: DecoderConfig) -> [String] {
    let methods = [
      ("use_dynamic_ntk", "dynamic NTK"), ("use_logn_attn", "logn attention"),
    ].compactMap { decoder.scalars[$0.0] == 1 ? $0.1 : nil }
    let length =
      decoder.scalars["rope.scaling.original_context_length"].flatMap { Int(exactly: $0) }
      ?? decoder.contextLength
    guard !methods.isEmpty, length < decoder.contextLength else { return [] }
    return [
      "config.json: no engine that runs GGUFs computes \(methods.joined(separator: " or ")); "
        + "texts of more than \(length) tokens get other results than with the model's own code"
    ]
  }
}
