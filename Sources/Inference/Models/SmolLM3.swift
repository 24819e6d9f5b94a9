/// `SmolLM3ForCausalLM`: Llama whose every fourth layer knows no positions.
///
/// - Source: arch `smollm3` of llama.cpp; `no_rope_layers` of the published configuration.
enum SmolLM3: DecoderArchitecture {
  static let name = "smollm3"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    try parts.decoder(rotaries: [parts.rotary(.neighbours)]) { (layer) throws(ModelError) in
      DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"),
        attention: try layer.attention(rotary: layer.index % 4 == 3 ? nil : 0),
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: try layer.gatedFeedForward())
    }
  }
}
