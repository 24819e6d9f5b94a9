import GGUF

extension DecoderConfig {
  /// Appends the keys of the architecture, in the order and with the types of llama.cpp's converter.
  ///
  /// - Source: `set_gguf_parameters` in llama.cpp's conversion/base.py and of each class there.
  func append(to metadata: inout GGUFMetadata, architecture: Architecture, fileType: UInt32) {
    func set(_ key: String, _ value: GGUFValue) { metadata["\(architecture.name).\(key)"] = value }
    func count(_ key: String, _ value: Int) { set(key, .uint32(UInt32(clamping: value))) }
    func number(_ key: String, _ value: Double) { set(key, .float32(Float(value))) }

    let last: [MetadataKey] = architecture.statesVocabulary ? [.vocabularyCount, .rotaryDim] : []
    for key in architecture.keys + last {
      switch key {
      case .layerCount: count("block_count", layerCount)
      case .contextLength: count("context_length", contextLength)
      case .width: count("embedding_length", width)
      case .feedForwardWidth: count("feed_forward_length", feedForwardWidth)
      case .onlyExpertWidth: count("expert_feed_forward_length", feedForwardWidth)
      case .headCount: count("attention.head_count", headCount)
      case .kvHeadCount: count("attention.head_count_kv", kvHeadCount)
      case .rotaryScaling: rotaryScaling.append { set("rope.scaling.\($0)", $1) }
      case .rotaryBase: number("rope.freq_base", rotaryBase)
      case .localRotaryBase:
        if let localRotaryBase { number("rope.freq_base_swa", localRotaryBase) }
      case .normEpsilon:
        number(architecture.names.normEpsilonKey, normEpsilon)
        if let other = architecture.names.otherNormEpsilonKey { number(other, normEpsilon) }
      case .headDim:
        guard statesHeadDim else { break }
        count("attention.key_length", headDim)
        count("attention.value_length", headDim)
      case .fileType: metadata["general.file_type"] = .uint32(fileType)
      case .vocabularyCount: count("vocab_size", vocabularyCount)
      case .rotaryDim: count("rope.dimension_count", rotaryDim)
      case .unusualRotaryBase:
        if rotaryBase != ConfigDefaults().rotaryBase { number("rope.freq_base", rotaryBase) }
      case .scalar(let scalar):
        guard let value = scalars[scalar.gguf], value != scalar.usual?(self) else { break }
        switch scalar.kind {
        case .integer: count(scalar.gguf, Int(value))
        case .number: number(scalar.gguf, value)
        case .flag: set(scalar.gguf, .bool(value != 0))
        }
      }
    }
  }
}

extension RotaryScaling {
  /// Hands out the keys after `rope.scaling.`; the divisors of Llama 3 and long rope are tensors.
  fileprivate func append(_ set: (String, GGUFValue) -> Void) {
    switch self {
    case .none, .llama3, .longRope: break
    case .linear(let factor):
      set("type", .string("linear"))
      set("factor", .float32(Float(factor)))
    case .yarn(let yarn):
      set("type", .string("yarn"))
      set("factor", .float32(Float(yarn.factor)))
      set("original_context_length", .uint32(UInt32(clamping: yarn.originalContextLength)))
      for (key, value) in [
        ("yarn_ext_factor", yarn.extrapolationFactor), ("yarn_attn_factor", yarn.attentionFactor),
        ("yarn_beta_fast", yarn.betaFast), ("yarn_beta_slow", yarn.betaSlow),
      ] {
        if let value { set(key, .float32(Float(value))) }
      }
      if let rounds = yarn.roundsRamp { set("yarn_truncate", .bool(rounds)) }
    }
  }
}
