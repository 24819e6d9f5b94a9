/// `Glm4ForCausalLM`: norms on both sides of each block, half of each head turned, gate and up projection
/// in one matrix.
///
/// - Source: arch `glm4` of llama.cpp; `Glm4Config` of transformers 5.
enum Glm4: DecoderArchitecture {
  static let name = "glm4"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    try parts.decoder(rotaries: [parts.rotary(.neighbours)]) { (layer) throws(ModelError) in
      try layer.normedOnBothSides(try layer.attention(), try layer.fusedFeedForward())
    }
  }
}
