/// `Qwen2ForCausalLM`: Qwen2 and Qwen2.5. Queries, keys and values have biases; rotary halves pair.
///
/// - Source: arch `qwen2` of the GGUF specification; arXiv 2407.10671.
enum Qwen2: DecoderArchitecture {
  static let name = "qwen2"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    try parts.decoder(rotaries: [parts.rotary(.halves)]) { (layer) throws(ModelError) in
      DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: try layer.attention(),
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: try layer.gatedFeedForward())
    }
  }
}
