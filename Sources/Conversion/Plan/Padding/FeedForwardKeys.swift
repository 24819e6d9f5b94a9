/// The metadata keys that state how wide feed-forward networks are, after `ARCHITECTURE.`.
enum FeedForwardKey: String {
  case dense = "feed_forward_length"
  case experts = "expert_feed_forward_length"
  case sharedExpert = "expert_shared_feed_forward_length"

  /// Which key states the width of which networks, for the architectures whose networks may grow.
  ///
  /// They are those where nothing stands between the matrices but a function of each element by itself,
  /// or of each element of gate and up, that makes zero of zeros: SwiGLU, GeGLU, gpt-oss' variant; GELU
  /// and squared ReLU without a gate too. Anything that looks at the whole width forbids it, such as a norm
  /// (`bitnet`) or a share of the largest (`gemma3n`), and so does a function with another value at zero.
  ///
  /// - Source: the graphs and `load_arch_tensors` of llama.cpp's src/models, one by one.
  static func keys(
    of architecture: String
  ) -> [FeedForwardNetwork.Kind: FeedForwardKey]? {
    switch architecture {
    // SwiGLU; fused in one tensor for phi3, glm4 and chatglm
    case "qwen", "qwen2", "qwen2vl", "qwen3", "qwen3vl", "internlm2", "command-r", "cohere2",
      "olmo",
      "olmo2", "smollm3", "exaone", "exaone4", "seed_oss", "minicpm3", "baichuan", "stablelm",
      "orion", "xverse", "dream", "llada", "deci", "openelm", "ernie4_5", "phi3", "glm4", "chatglm":
      [.dense: .dense]
    // GeGLU
    case "gemma", "gemma2", "gemma3", "gemma-embedding":
      [.dense: .dense]
    // GELU or squared ReLU, no gate
    case "starcoder2", "phi2", "gptneox", "nemotron", "arcee":
      [.dense: .dense]
    case "llama", "mistral3", "granite", "granitemoe", "minicpm":
      [.dense: .dense, .experts: .dense, .sharedExpert: .sharedExpert]
    case "olmoe":
      [.experts: .dense]
    case "qwen3moe", "qwen3vlmoe", "gpt-oss":
      [.dense: .dense, .experts: .experts]
    case "qwen2moe", "ernie4_5-moe":
      [.dense: .dense, .experts: .experts, .sharedExpert: .sharedExpert]
    // The shared experts are as wide as some of the others together.
    case "deepseek", "deepseek2", "glm4moe", "dots1", "llama4":
      [.dense: .dense, .experts: .experts, .sharedExpert: .experts]
    default:
      nil
    }
  }

  /// What the width of a network is multiplied by where a key states it: the original Qwen counts gate and
  /// up projection.
  static func multiplier(of architecture: String) -> Int { architecture == "qwen" ? 2 : 1 }
}
