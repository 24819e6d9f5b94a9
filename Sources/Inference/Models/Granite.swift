/// `GraniteForCausalLM`: Llama with factors on the embedding, the scores, what blocks add, and the logits.
///
/// - Source: arch `granite` of llama.cpp; `GraniteConfig` of transformers 5.
enum Granite: DecoderArchitecture {
  static let name = "granite"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    let parameters = parts.parameters
    let scale = try parameters.number("attention.scale", default: 0)
    let addition = Addition(scale: try parameters.positive("residual_scale", default: 1))
    var decoder = try parts.decoder(rotaries: [parts.rotary(.neighbours)]) {
      (layer) throws(ModelError) in
      var attention = try layer.attention()
      if scale > 0 { attention.scale = scale }
      return DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: attention,
        attentionAddition: addition, feedForwardNorm: try layer.norm("ffn_norm"),
        feedForward: try layer.gatedFeedForward(), feedForwardAddition: addition)
    }
    decoder.embeddingScale = try parameters.positive("embedding_scale", default: 1)
    decoder.head.scale = 1 / (try parameters.positive("logit_scale"))
    return decoder
  }
}
