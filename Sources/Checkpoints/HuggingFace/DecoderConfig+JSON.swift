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
    let (names, defaults) = (architecture.names, architecture.defaults)
    try Self.refuseUnsupported(config, architecture)
    layerCount = try required(names.layerCount, Limit.layers)
    width = try required(names.width, Limit.extent)
    if let share = names.feedForwardShare, config[names.feedForwardWidth] == nil {
      feedForwardWidth = share * width
    } else {
      feedForwardWidth = try required(names.feedForwardWidth, Limit.extent)
    }
    headCount = try required(names.headCount, Limit.heads)
    kvHeadCount =
      try config.integer("num_key_value_heads", in: 1...headCount)
      ?? min(defaults.kvHeadCount ?? headCount, headCount)
    guard headCount % kvHeadCount == 0 else {
      throw config.bad(
        "num_key_value_heads", "a divisor of num_attention_heads", .integer(kvHeadCount))
    }
    let stated = try config.integer("head_dim", in: Limit.extent) ?? defaults.headDim
    guard stated != nil || width % headCount == 0 else {
      throw config.bad(names.headCount, "a divisor of \(names.width)", .integer(headCount))
    }
    headDim = stated ?? width / headCount
    guard headDim % 2 == 0 else {
      throw config.bad("head_dim", "an even number", .integer(headDim))
    }
    statesHeadDim = stated != nil || architecture.alwaysStatesHeadDim
    vocabularyCount = try required("vocab_size", Limit.extent)
    contextLength =
      try config.integer(names.contextLength, in: 1...Int(UInt32.max))
      ?? defaults.contextLength
    normEpsilon = try config.number(names.normEpsilon) ?? defaults.normEpsilon
    tiesEmbeddings = try config.bool("tie_word_embeddings") ?? defaults.tiesEmbeddings
    rotaryDim = try Self.rotaryDim(config, of: headDim, architecture)
    (rotaryBase, rotaryScaling) = try Self.rotary(
      config, contextLength: contextLength, rotaryDim: rotaryDim, architecture)
    localRotaryBase = try Self.localRotaryBase(config, defaults)
    guard architecture.rotaryScalings.contains(rotaryScaling.kind) else {
      throw CheckpointError(
        .unsupported(key: "rope_type", value: rotaryScaling.kind.rawValue), path: config.path)
    }
    scalars = try Self.scalars(config, architecture)
    for key in architecture.scalars where key.isWithinContext {
      if let value = scalars[key.gguf], value >= Double(contextLength) { scalars[key.gguf] = nil }
    }
    try architecture.check(config, self)
  }

  /// Refuses what would silently be another model.
  private static func refuseUnsupported(
    _ config: JSONFile, _ architecture: Architecture
  ) throws {
    let known = architecture.activation
    for key in Set(["hidden_act", "hidden_activation", known.key]).sorted() {
      if let activation = try config.string(key), activation != known.value,
        !known.synonyms.contains(activation)
      {
        throw CheckpointError(.unsupported(key: key, value: activation), path: config.path)
      }
    }
  }

  private static func scalars(
    _ config: JSONFile, _ architecture: Architecture
  ) throws -> [String: Double] {
    var scalars: [String: Double] = [:]
    for scalar in architecture.scalars {
      let key = scalar.synonym.flatMap { config[$0] == nil ? nil : $0 } ?? scalar.huggingFace
      let found =
        switch scalar.kind {
        case .integer: try config.integer(key, in: scalar.range).map(Double.init)
        case .number: try config.number(key)
        case .flag: try config.bool(key).map { $0 ? 1.0 : 0.0 }
        }
      // What is null is not what is left out.
      let isNull = config.root[key]?.isNull == true
      let otherwise = scalar.zeroIsNull ? 0 : isNull ? nil : scalar.fallback
      guard let value = found ?? otherwise else {
        guard scalar.fallback == nil || scalar.isWithinContext else {
          throw config.bad(key, "a number", .null)
        }
        continue
      }
      scalars[scalar.gguf] = value
    }
    return scalars
  }

  // MARK: Rotary positions

  private static func rotaryDim(
    _ config: JSONFile, of headDim: Int, _ architecture: Architecture
  ) throws -> Int {
    let key = "partial_rotary_factor"
    let share =
      try config.number(key, of: config.rotaryParameters()) ?? config.number(key)
      ?? architecture.defaults.rotaryShare
    guard share > 0, share <= 1 else { throw config.bad(key, "at most 1", .number(share)) }
    // Engines that find no such key turn whole heads.
    guard share == 1 || architecture.rotatesParts else {
      throw CheckpointError(.unsupported(key: key, value: "\(share)"), path: config.path)
    }
    let count = Int(Double(headDim) * share)
    guard count > 0, count % 2 == 0 else {
      throw config.bad(key, "an even number of elements", .number(share))
    }
    return count
  }

  private static func localRotaryBase(
    _ config: JSONFile, _ defaults: ConfigDefaults
  ) throws -> Double? {
    guard let fallback = defaults.localRotaryBase else { return nil }
    let parameters = JSONFile.present(config["rope_parameters"]?["sliding_attention"])
    let type = try parameters.flatMap { try config.string("rope_type", of: $0) } ?? "default"
    guard type == "default" else {
      throw CheckpointError(.unsupported(key: "rope_type", value: type), path: config.path)
    }
    let key = "rope_local_base_freq"
    let base =
      try parameters.flatMap { try config.number("rope_theta", of: $0) } ?? config.number(key)
      ?? fallback
    guard base > 0 else { throw config.bad(key, "a number above 0", .number(base)) }
    return base
  }

  /// The base, and how positions are stretched.
  private static func rotary(
    _ config: JSONFile, contextLength: Int, rotaryDim: Int, _ architecture: Architecture
  ) throws -> (base: Double, RotaryScaling) {
    let (parameters, defaults) = (try config.rotaryParameters(), architecture.defaults)
    func positive(_ key: String, else other: Double? = nil) throws -> Double {
      let value = try config.number(key, of: parameters) ?? other
      guard let value, value > 0 else {
        throw config.bad(key, "a number above 0", value.map { .number($0) })
      }
      return value
    }
    let base = try positive(
      "rope_theta",
      else: config.number(architecture.names.rotaryBase) ?? defaults.rotaryBase)
    if config["rope_parameters"] == nil, config["rope_scaling"] == nil {
      return (base, defaults.rotaryScaling)
    }
    let limit = 1...Int(UInt32.max)
    let original =
      try config.integer("original_max_position_embeddings", in: limit, of: parameters)
      ?? config.integer("original_max_position_embeddings", in: limit)
    switch try config.rotaryType() {
    // Dynamic scaling counts beyond the context only, which no key of a GGUF says.
    case "default", "dynamic": return (base, .none)
    case "linear": return (base, .linear(factor: try positive("factor")))
    case "yarn":
      return (
        base,
        .yarn(
          RotaryScaling.Yarn(
            factor: try positive("factor"), originalContextLength: original ?? contextLength,
            extrapolationFactor: try config.number("extrapolation_factor", of: parameters),
            attentionFactor: try config.yarnAttentionFactor(of: parameters),
            betaFast: try config.number("beta_fast", of: parameters),
            betaSlow: try config.number("beta_slow", of: parameters),
            roundsRamp: try roundsRamp(config, parameters, architecture)))
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
    case "longrope", "su":
      let scaling = try RotaryScaling.LongRope(
        config, parameters, rotaryDim: rotaryDim, originalContextLength: original ?? contextLength)
      return (base, .longRope(scaling))
    case let other:
      throw CheckpointError(.unsupported(key: "rope_type", value: other), path: config.path)
    }
  }

  /// Whether YaRN's ramp starts and ends at whole pairs; `nil` where engines know.
  private static func roundsRamp(
    _ config: JSONFile, _ parameters: JSONValue, _ architecture: Architecture
  ) throws -> Bool? {
    let key = "truncate"
    let stated = JSONFile.present(parameters[key])
    guard stated == nil || stated?.bool != nil else {
      throw config.bad(key, "true or false", stated)
    }
    let rounds = stated?.bool ?? true
    return rounds == architecture.roundsRamp ? nil : rounds
  }
}
