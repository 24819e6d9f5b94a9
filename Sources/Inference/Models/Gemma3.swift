/// `Gemma3ForCausalLM`: norms on both sides of each block and on each head's queries and keys; five layers
/// with a window and turns of their own to one that sees all.
///
/// - Source: arch `gemma3` of llama.cpp; arXiv 2503.19786.
enum Gemma3: DecoderArchitecture {
  static let name = "gemma3"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    let parameters = parts.parameters
    let headDim = parts.dimensions.headDim
    let scale = parts.gemmaScale(largestLayerCount: 62)
    let window = try parameters.window(default: 0)
    let isLocal = try parameters.slidingPattern(
      layerCount: parts.dimensions.layerCount, period: window > 0 ? 6 : 1)
    let local = Rotary(
      order: .halves, base: try parameters.positive("rope.freq_base_swa", default: 10_000),
      rotaryDim: parts.dimensions.rotaryDim)
    var decoder = try parts.decoder(rotaries: [parts.rotary(.halves), local]) {
      (layer) throws(ModelError) in
      var attention = try layer.attention(rotary: isLocal[layer.index] ? 1 : 0)
      attention.queryNorm = try layer.norm("attn_q_norm", count: headDim)
      attention.keyNorm = try layer.norm("attn_k_norm", count: headDim)
      attention.scale = scale
      attention.window = isLocal[layer.index] ? window : 0
      return try layer.normedOnBothSides(attention, try layer.gatedFeedForward(.gelu))
    }
    decoder.embeddingScale = Float(parts.dimensions.width).squareRoot()
    decoder.head.softcap = try parameters.number("final_logit_softcapping", default: 0)
    return decoder
  }
}
