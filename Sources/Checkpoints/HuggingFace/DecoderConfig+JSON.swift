import Tokenizers

extension DecoderConfig {
  /// What `config.json` says; keys that it may leave out have the defaults of `transformers`.
  ///
  /// - Throws: ``CheckpointError`` for a key that is missing, means nothing or asks for what is not here.
  init(_ config: JSONFile, architecture: Architecture) throws {
    func required(_ key: String, _ range: ClosedRange<Int>) throws -> Int {
      guard let value = try config.integer(key, in: range) else {
        throw config.bad(key, "a whole number", nil)
      }
      return value
    }
    try Self.refuseUnsupported(config)
    layerCount = try required("num_hidden_layers", Limit.layers)
    width = try required("hidden_size", Limit.extent)
    feedForwardWidth = try required("intermediate_size", Limit.extent)
    headCount = try required("num_attention_heads", Limit.heads)
    kvHeadCount =
      try config.integer("num_key_value_heads", in: 1...headCount)
      ?? (architecture.modelType == "qwen2" ? min(32, headCount) : headCount)
    guard headCount % kvHeadCount == 0 else {
      throw config.bad(
        "num_key_value_heads", "a divisor of num_attention_heads", .integer(kvHeadCount))
    }
    let stated = try config.integer("head_dim", in: Limit.extent)
    guard stated != nil || width % headCount == 0 else {
      throw config.bad("num_attention_heads", "a divisor of hidden_size", .integer(headCount))
    }
    headDim = stated ?? width / headCount
    guard headDim % 2 == 0 else {
      throw config.bad("head_dim", "an even number", .integer(headDim))
    }
    statesHeadDim = stated != nil || architecture.alwaysStatesHeadDim
    vocabularyCount = try required("vocab_size", Limit.extent)
    contextLength =
      try config.integer("max_position_embeddings", in: 1...Int(UInt32.max))
      ?? (architecture.modelType == "qwen2" ? 32_768 : 2048)
    normEpsilon = try config.number("rms_norm_eps") ?? 1e-6
    tiesEmbeddings = try config.bool("tie_word_embeddings") ?? false
    (rotaryBase, rotaryScaling) = try Self.rotary(config, contextLength: contextLength)
    guard architecture.rotaryScalings.contains(rotaryScaling.kind) else {
      throw CheckpointError(
        .unsupported(key: "rope_type", value: rotaryScaling.kind.rawValue), path: config.path)
    }
  }

  /// Refuses what would silently be another model.
  private static func refuseUnsupported(_ config: JSONFile) throws {
    for key in ["hidden_act", "hidden_activation"] {
      if let activation = try config.string(key), activation != "silu" {
        throw CheckpointError(.unsupported(key: key, value: activation), path: config.path)
      }
    }
    if let factor = try config.number("partial_rotary_factor"), factor != 1 {
      throw CheckpointError(
        .unsupported(key: "partial_rotary_factor", value: "\(factor)"), path: config.path)
    }
  }

  // MARK: Rotary positions

  /// Reads `rope_parameters` of transformers 5, or `rope_theta` and `rope_scaling` of those before.
  private static func rotary(
    _ config: JSONFile, contextLength: Int
  ) throws -> (base: Double, RotaryScaling) {
    let parameters = config["rope_parameters"] ?? config["rope_scaling"] ?? .object([])
    guard case .object = parameters else {
      throw config.bad("rope_parameters", "an object", parameters)
    }
    func positive(_ key: String, else other: Double? = nil) throws -> Double {
      let value = try config.number(key, of: parameters) ?? other
      guard let value, value > 0 else {
        throw config.bad(key, "a number above 0", value.map { .number($0) })
      }
      return value
    }
    let base = try positive("rope_theta", else: config.number("rope_theta") ?? 10_000)
    let limit = 1...Int(UInt32.max)
    let original =
      try config.integer("original_max_position_embeddings", in: limit, of: parameters)
      ?? config.integer("original_max_position_embeddings", in: limit)
    let type =
      try config.string("rope_type", of: parameters) ?? config.string("type", of: parameters)
    switch type?.lowercased() ?? "default" {
    case "default": return (base, .none)
    case "linear": return (base, .linear(factor: try positive("factor")))
    case "yarn":
      return (
        base,
        .yarn(
          RotaryScaling.Yarn(
            factor: try positive("factor"), originalContextLength: original ?? contextLength,
            extrapolationFactor: try config.number("extrapolation_factor", of: parameters),
            attentionFactor: try config.number("attention_factor", of: parameters)
              ?? config.number("attn_factor", of: parameters),
            betaFast: try config.number("beta_fast", of: parameters),
            betaSlow: try config.number("beta_slow", of: parameters)))
      )
    case "llama3":
      let scaling = RotaryScaling.Llama3(
        factor: try positive("factor", else: 8),
        lowFrequencyFactor: try positive("low_freq_factor", else: 1),
        highFrequencyFactor: try positive("high_freq_factor", else: 4),
        originalContextLength: original ?? 8192)
      guard scaling.lowFrequencyFactor < scaling.highFrequencyFactor else {
        throw config.bad(
          "high_freq_factor", "more than low_freq_factor", .number(scaling.highFrequencyFactor))
      }
      return (base, .llama3(scaling))
    case let other:
      throw CheckpointError(.unsupported(key: "rope_type", value: other), path: config.path)
    }
  }
}
