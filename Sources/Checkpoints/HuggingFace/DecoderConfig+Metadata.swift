import GGUF

extension DecoderConfig {
  /// Appends the keys of the architecture, in the order and with the types of llama.cpp's converter.
  ///
  /// - Source: `set_gguf_parameters` in llama.cpp's conversion/base.py and llama.py.
  func append(to metadata: inout GGUFMetadata, architecture: Architecture, fileType: UInt32) {
    func set(_ key: String, _ value: GGUFValue) { metadata["\(architecture.name).\(key)"] = value }
    func count(_ key: String, _ value: Int) { set(key, .uint32(UInt32(clamping: value))) }

    count("block_count", layerCount)
    count("context_length", contextLength)
    count("embedding_length", width)
    count("feed_forward_length", feedForwardWidth)
    count("attention.head_count", headCount)
    count("attention.head_count_kv", kvHeadCount)
    switch rotaryScaling {
    case .none, .llama3: break
    case .linear(let factor):
      set("rope.scaling.type", .string("linear"))
      set("rope.scaling.factor", .float32(Float(factor)))
    case .yarn(let yarn):
      set("rope.scaling.type", .string("yarn"))
      set("rope.scaling.factor", .float32(Float(yarn.factor)))
      count("rope.scaling.original_context_length", yarn.originalContextLength)
      for (key, value) in [
        ("yarn_ext_factor", yarn.extrapolationFactor), ("yarn_attn_factor", yarn.attentionFactor),
        ("yarn_beta_fast", yarn.betaFast), ("yarn_beta_slow", yarn.betaSlow),
      ] {
        if let value { set("rope.scaling.\(key)", .float32(Float(value))) }
      }
    }
    set("rope.freq_base", .float32(Float(rotaryBase)))
    set("attention.layer_norm_rms_epsilon", .float32(Float(normEpsilon)))
    if statesHeadDim {
      count("attention.key_length", headDim)
      count("attention.value_length", headDim)
    }
    metadata["general.file_type"] = .uint32(fileType)
    if architecture.statesVocabulary {
      count("vocab_size", vocabularyCount)
      count("rope.dimension_count", headDim)
    }
  }
}
