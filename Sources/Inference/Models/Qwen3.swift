/// `Qwen3ForCausalLM`: each head's queries and keys are normalised before they are turned.
///
/// - Source: arch `qwen3` of llama.cpp; arXiv 2505.09388.
enum Qwen3: DecoderArchitecture {
  static let name = "qwen3"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    let headDim = parts.dimensions.headDim
    return try parts.decoder(rotaries: [parts.rotary(.halves)]) { (layer) throws(ModelError) in
      var attention = try layer.attention()
      attention.queryNorm = try layer.norm("attn_q_norm", count: headDim)
      attention.keyNorm = try layer.norm("attn_k_norm", count: headDim)
      return DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: attention,
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: try layer.gatedFeedForward())
    }
  }
}
