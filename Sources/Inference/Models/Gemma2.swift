/// `Gemma2ForCausalLM`: norms on both sides of each block, bounds on scores and logits, and a window in
/// every other layer.
///
/// - Source: arch `gemma2` of llama.cpp; arXiv 2408.00118.
enum Gemma2: DecoderArchitecture {
  static let name = "gemma2"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    let parameters = parts.parameters
    let scale = parts.gemmaScale(largestLayerCount: 46)
    let softcap = try parameters.positive("attn_logit_softcapping", default: 50)
    let window = try parameters.window(default: 4096)
    var decoder = try parts.decoder(rotaries: [parts.rotary(.halves)]) {
      (layer) throws(ModelError) in
      var attention = try layer.attention()
      attention.scale = scale
      attention.softcap = softcap
      attention.window = layer.index % 2 == 0 ? window : 0
      return try layer.normedOnBothSides(attention, try layer.gatedFeedForward(.gelu))
    }
    decoder.embeddingScale = Float(parts.dimensions.width).squareRoot()
    decoder.head.softcap = try parameters.positive("final_logit_softcapping", default: 30)
    return decoder
  }
}
