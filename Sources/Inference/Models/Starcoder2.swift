/// `Starcoder2ForCausalLM`: norms around the mean, biases everywhere, GELU without a gate; a window in some.
///
/// - Source: arch `starcoder2` of llama.cpp; arXiv 2402.19173.
enum Starcoder2: DecoderArchitecture {
  static let name = "starcoder2"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    let window = try parts.parameters.window(default: 0)
    return try parts.decoder(rotaries: [parts.rotary(.halves)]) { (layer) throws(ModelError) in
      var attention = try layer.attention(isFused: false)
      attention.window = window
      return DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: attention,
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: try layer.plainFeedForward())
    }
  }
}
