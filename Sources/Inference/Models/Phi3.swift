/// `Phi3ForCausalLM`: Phi-3, 3.5 and 4 of mini and medium size. Queries, keys and values in one matrix, gate
/// and up projection in another; long rope; a window in some.
///
/// llama.cpp reads the window and leaves it out; it is part of the model in transformers.
///
/// - Source: arch `phi3` of llama.cpp; `Phi3Config` of transformers 5; arXiv 2404.14219.
enum Phi3: DecoderArchitecture {
  static let name = "phi3"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    let window = try parts.parameters.window(default: 0)
    return try parts.decoder(rotaries: [parts.rotary(.halves)]) { (layer) throws(ModelError) in
      var attention = try layer.attention(isFused: true)
      attention.window = window
      return DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: attention,
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: try layer.fusedFeedForward())
    }
  }
}
