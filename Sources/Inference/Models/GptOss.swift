/// `GptOssForCausalLM`: gpt-oss. Heads may look at a sink instead of a position, a window in every other layer,
/// experts with biases whose gate and up projection are bounded.
///
/// YaRN's ramp starts and ends between pairs, as in transformers; llama.cpp rounds it to whole ones.
///
/// - Source: arch `gpt-oss` of llama.cpp; `GptOssConfig` of transformers 5; arXiv 2508.10925.
enum GptOss: DecoderArchitecture {
  static let name = "gpt-oss"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    var parts = parts
    try parts.readExperts()
    let headCount = parts.dimensions.headCount
    let window = try parts.parameters.window(default: 0)
    let isLocal = try parts.parameters.slidingPattern(
      layerCount: parts.dimensions.layerCount, period: 2)
    return try parts.decoder(rotaries: [parts.rotary(.halves, roundsRamp: false)]) {
      (layer) throws(ModelError) in
      var attention = try layer.attention(isFused: false)
      attention.window = isLocal[layer.index] ? window : 0
      attention.sinks = try layer.parts.source.vector(
        "blk.\(layer.index).attn_sinks.weight", count: headCount)
      var mixture = try layer.mixture(.chosen)
      mixture.activation = .clampedSwish
      return DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: attention,
        feedForwardNorm: try layer.norm("post_attention_norm"), feedForward: mixture)
    }
  }
}
