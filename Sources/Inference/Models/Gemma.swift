/// `GemmaForCausalLM`: a scaled embedding and a gate of GELU. The weights of norms hold what Hugging Face
/// keeps less one.
///
/// - Source: arch `gemma` of llama.cpp; arXiv 2403.08295.
enum Gemma: DecoderArchitecture {
  static let name = "gemma"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    var decoder = try parts.decoder(rotaries: [parts.rotary(.halves)]) {
      (layer) throws(ModelError) in
      DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: try layer.attention(),
        feedForwardNorm: try layer.norm("ffn_norm"),
        feedForward: try layer.gatedFeedForward(.gelu))
    }
    decoder.embeddingScale = Float(parts.dimensions.width).squareRoot()
    return decoder
  }
}

extension DecoderParts {
  /// Gemma's scale of scores, which no key states: of its models of 27 billion it is that of a head
  /// as wide as the width would give each.
  ///
  /// - Source: `query_pre_attn_scalar` of the published configurations.
  func gemmaScale(largestLayerCount: Int) -> Float {
    let isLargest = dimensions.layerCount == largestLayerCount
    let scalar = isLargest ? dimensions.width / dimensions.headCount : dimensions.headDim
    return 1 / Float(scalar).squareRoot()
  }
}
