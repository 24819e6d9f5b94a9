extension Architecture {
  /// Gemma: a GGUF keeps the weights of norms with the one that Hugging Face leaves out.
  ///
  /// - Source: `GemmaModel` in llama.cpp's conversion/gemma.py; `GemmaConfig` of transformers 5.
  static let gemma = Architecture(
    className: "GemmaForCausalLM", modelType: "gemma", name: "gemma",
    tensors: ([.embedding, .norm("input_layernorm", "attn_norm")]
      + .attention()
      + [.norm("post_attention_layernorm", "ffn_norm")]
      + .gatedFeedForward()
      + [.outputNorm]).withShiftedNorms,
    repeated: ["lm_head.weight"],
    defaults: ConfigDefaults(
      kvHeadCount: 16, contextLength: 8192, headDim: 256, tiesEmbeddings: true),
    keys: gemmaKeys, alwaysStatesHeadDim: true, rotaryScalings: [.none],
    activation: Activation(key: "hidden_act", value: geluTanh, synonyms: ["gelu"]),
    check: { config, decoder in
      try config.expectCausal()
      try config.expectTied(decoder)
      try config.expect(rotaryBase: 10_000, of: decoder)
    },
    pieces: PieceRules(addsSpacePrefix: false, endOfTurn: 107))

  static let geluTanh = "gelu_pytorch_tanh"

  /// The order of Gemma and Gemma 2, which state no base of their turns.
  static let gemmaKeys: [MetadataKey] = [
    .contextLength, .width, .layerCount, .feedForwardWidth, .headCount, .kvHeadCount, .normEpsilon,
    .headDim, .fileType,
  ]
}

extension JSONFile {
  /// Refuses a model that sees what comes after.
  func expectCausal() throws {
    if try bool("use_bidirectional_attention") == true {
      throw CheckpointError(
        .unsupported(key: "use_bidirectional_attention", value: "true"), path: path)
    }
  }

  /// Refuses an output matrix where a GGUF has no place for one.
  func expectTied(_ decoder: DecoderConfig) throws {
    guard decoder.tiesEmbeddings else {
      throw CheckpointError(.unsupported(key: "tie_word_embeddings", value: "false"), path: path)
    }
  }

  /// Refuses another base than the one that engines take where a GGUF states none.
  func expect(rotaryBase: Double, of decoder: DecoderConfig) throws {
    guard decoder.rotaryBase == rotaryBase else {
      throw CheckpointError(
        .unsupported(key: "rope_theta", value: "\(decoder.rotaryBase)"), path: path)
    }
  }

  /// Refuses another scale of scores than the one that engines know by the number of layers.
  func expectGemmaScale(_ decoder: DecoderConfig, largestLayerCount: Int) throws {
    let key = "query_pre_attn_scalar"
    let expected = decoder.gemmaScalar(largestLayerCount: largestLayerCount)
    let found = try number(key) ?? 256
    guard found == Double(expected) else {
      throw CheckpointError(.unsupported(key: key, value: "\(found)"), path: path)
    }
  }

  /// Refuses layers with windows elsewhere than engines take them to be.
  ///
  /// - Parameter period: Of so many layers the last sees everything.
  func expectWindows(period: Int, _ decoder: DecoderConfig) throws {
    let own = try integer("sliding_window_pattern", in: 0...Int(UInt32.max)) ?? period
    let types =
      self["layer_types"]?.array?.map { $0.string == "sliding_attention" }
      ?? (0..<decoder.layerCount).map { own > 0 && ($0 + 1) % own != 0 }
    guard types == (0..<decoder.layerCount).map({ ($0 + 1) % period != 0 }) else {
      throw CheckpointError(
        .unsupported(key: "layer_types", value: "not a window in all but each \(period)th layer"),
        path: path)
    }
  }
}

extension DecoderConfig {
  /// What scores are divided by the root of: the size of a head, but of the largest models the width
  /// divided by the number of heads.
  func gemmaScalar(largestLayerCount: Int) -> Int {
    layerCount == largestLayerCount ? width / headCount : headDim
  }
}
