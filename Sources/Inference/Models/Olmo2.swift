/// `Olmo2ForCausalLM`: blocks read the residual stream as it is and add through a norm; all heads of
/// queries, and of keys, are normalised together.
///
/// - Source: arch `olmo2` of llama.cpp; arXiv 2501.00656.
enum Olmo2: DecoderArchitecture {
  static let name = "olmo2"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    let dimensions = parts.dimensions
    return try parts.decoder(rotaries: [parts.rotary(.halves)]) { (layer) throws(ModelError) in
      var attention = try layer.attention()
      attention.queryNorm = try layer.norm("attn_q_norm", count: dimensions.queryWidth)
      attention.keyNorm = try layer.norm("attn_k_norm", count: dimensions.kvWidth)
      return DecoderLayer(
        attention: attention,
        attentionAddition: Addition(norm: try layer.norm("post_attention_norm")),
        feedForward: try layer.gatedFeedForward(),
        feedForwardAddition: Addition(norm: try layer.norm("post_ffw_norm")))
    }
  }
}
