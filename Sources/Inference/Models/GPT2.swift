/// `GPT2LMHeadModel`: learned positions, norms around the mean, GELU without a gate.
///
/// - Source: arch `gpt2` of llama.cpp; Radford et al., "Language Models are Unsupervised Multitask
///   Learners", 2019.
enum GPT2: DecoderArchitecture {
  static let name = "gpt2"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    var decoder = try parts.decoder(rotaries: []) { (layer) throws(ModelError) in
      DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"),
        attention: try layer.attention(isFused: true, rotary: nil),
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: try layer.plainFeedForward())
    }
    decoder.positions = try parts.source.table(
      "position_embd.weight", rows: parts.dimensions.contextLimit, columns: parts.dimensions.width)
    return decoder
  }
}
