/// `LlamaForCausalLM` and what shares its shape: SmolLM2, TinyLlama, Yi; Mistral, of which some have a
/// window, which llama.cpp leaves out; and Mixtral, which has experts.
///
/// - Source: arch `llama` of the GGUF specification; Touvron et al., arXiv 2302.13971.
enum Llama: DecoderArchitecture {
  static let name = "llama"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    var parts = parts
    let experts = try parts.parameters.integer("expert_count", in: 0...Int.max, default: 0)
    if experts > 0 { try parts.readExperts() }
    let window = try parts.parameters.window(default: 0)
    return try parts.decoder(rotaries: [parts.rotary(.neighbours)]) { (layer) throws(ModelError) in
      let feedForward: any FeedForward =
        experts > 0 ? try layer.mixture(.chosen) : try layer.gatedFeedForward()
      var attention = try layer.attention()
      attention.window = window
      return DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: attention,
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: feedForward)
    }
  }
}
