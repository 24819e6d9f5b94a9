/// What `config.json` calls the numbers that every decoder has.
struct ConfigNames: Sendable {
  var layerCount = "num_hidden_layers"
  var width = "hidden_size"
  var feedForwardWidth = "intermediate_size"
  /// The same by the width, where `config.json` may leave it out.
  var feedForwardShare: Int?
  var headCount = "num_attention_heads"
  var contextLength = "max_position_embeddings"
  var normEpsilon = "rms_norm_eps"
  /// How a GGUF calls the last one, after the architecture.
  var normEpsilonKey = "attention.layer_norm_rms_epsilon"
  /// Another key of a GGUF for the same, that llama.cpp's converter writes and llama.cpp does not read.
  var otherNormEpsilonKey: String?
  var rotaryBase = "rope_theta"
  /// Members that other architectures have and this one's class does not read.
  var absent: Set<String> = []
  /// What the names of tensors may lack at their start.
  var tensorPrefix = ""

  /// Of norms that take the mean away first.
  static func layerNorm(_ epsilon: String) -> Self {
    Self(normEpsilon: epsilon, normEpsilonKey: "attention.layer_norm_epsilon")
  }
}
