/// `Qwen3MoeForCausalLM`: Qwen3 with experts, whose weights add up to one.
///
/// - Source: arch `qwen3moe` of llama.cpp; arXiv 2505.09388.
enum Qwen3Moe: DecoderArchitecture {
  static let name = "qwen3moe"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    var parts = parts
    try parts.readExperts()
    let headDim = parts.dimensions.headDim
    return try parts.decoder(rotaries: [parts.rotary(.halves)]) { (layer) throws(ModelError) in
      var attention = try layer.attention()
      attention.queryNorm = try layer.norm("attn_q_norm", count: headDim)
      attention.keyNorm = try layer.norm("attn_k_norm", count: headDim)
      return DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: attention,
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: try layer.mixture(.chosen))
    }
  }
}
