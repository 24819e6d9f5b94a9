/// `Qwen2MoeForCausalLM`: Qwen2 with experts, weighed among all, and one that every token passes.
///
/// - Source: arch `qwen2moe` of llama.cpp; arXiv 2407.10671.
enum Qwen2Moe: DecoderArchitecture {
  static let name = "qwen2moe"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    var parts = parts
    try parts.readExperts()
    let shared = try parts.parameters.integer(
      "expert_shared_feed_forward_length", in: ModelLimits.width,
      default: parts.dimensions.feedForwardWidth)
    parts.dimensions.experts?.sharedFeedForwardWidth = shared
    return try parts.decoder(rotaries: [parts.rotary(.halves)]) { (layer) throws(ModelError) in
      var mixture = try layer.mixture(.all)
      mixture.shared = try layer.sharedExpert(width: shared)
      return DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: try layer.attention(),
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: mixture)
    }
  }
}
