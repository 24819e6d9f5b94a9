/// `LlamaForCausalLM` and what shares its shape: SmolLM2, TinyLlama, Yi, Mistral.
///
/// - Source: arch `llama` of the GGUF specification; Touvron et al., arXiv 2302.13971.
enum Llama: DecoderArchitecture {
  static let name = "llama"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    try parts.decoder(rotaries: [parts.rotary(.neighbours)]) { (layer) throws(ModelError) in
      DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: try layer.attention(),
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: try layer.gatedFeedForward())
    }
  }
}
