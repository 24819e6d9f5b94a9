import Checkpoints
import GGUF

/// What the choice of types needs to know of a model beside its tensors.
package struct ModelFacts: Sendable {
  var architecture: String
  var layerCount: Int
  var headCount: Int
  var kvHeadCount: Int
  var expertCount: Int

  package init(
    architecture: String, layerCount: Int, headCount: Int, kvHeadCount: Int, expertCount: Int = 0
  ) {
    self.architecture = architecture
    self.layerCount = layerCount
    self.headCount = headCount
    self.kvHeadCount = kvHeadCount
    self.expertCount = expertCount
  }

  /// Reads the facts from GGUF metadata; what is absent counts as none.
  package init(_ metadata: GGUFMetadata, architecture: String) {
    func count(_ key: String) -> Int? {
      let key = "\(architecture).\(key)"
      // Some models list one count a layer; llama.cpp's quantizer goes by the first.
      let found = metadata.integer(key) ?? metadata.integers(key)?.first
      // More would only overflow: llama.cpp takes no more than 512 layers.
      return found.map { min(max($0, 0), 1 << 20) }
    }
    let heads = count("attention.head_count") ?? 0
    self.init(
      architecture: architecture, layerCount: count("block_count") ?? 0, headCount: heads,
      kvHeadCount: count("attention.head_count_kv") ?? heads,
      expertCount: count("expert_count") ?? 0)
  }

  /// Query heads that share a key and value head.
  var groupedQueries: Int { kvHeadCount == 0 ? 0 : headCount / kvHeadCount }

  /// The models of 70 billion parameters whose values are worth more bits, as llama.cpp tells them:
  /// by 80 layers, and for `llama` by grouped queries besides.
  var isSeventyBillion: Bool {
    switch architecture {
    case "llama": layerCount == 80 && headCount != kvHeadCount
    case "qwen2", "deci", "olmo": layerCount == 80
    case "jais2": layerCount == 68
    default: false
    }
  }
}
