/// What one kind of model is called on both sides: its class, its tensors and what is written about it.
///
/// To add one, describe it in a file beside this and list it in ``all``.
struct Architecture: Sendable {
  /// Entry of `architectures` in `config.json`.
  let className: String
  /// `model_type` in `config.json`.
  let modelType: String
  /// Value of `general.architecture`.
  let name: String
  /// Every tensor that may occur.
  let tensors: [TensorPair]
  /// Whether a GGUF states the size of a head even where `config.json` leaves it to the default.
  let alwaysStatesHeadDim: Bool
  /// Whether a GGUF states the rows of the embedding and the rotated elements of a head.
  let statesVocabulary: Bool
  /// Rotary scalings that engines know for it.
  let rotaryScalings: Set<RotaryScaling.Kind>
  /// Whether `add_prefix_space` of the tokenizer's configuration goes into the metadata.
  let statesPrefixSpace: Bool

  static let all: [Architecture] = [.llama, .qwen2]

  static func named(_ name: String) -> Architecture? { all.first { $0.name == name } }
  static func ofClass(_ name: String) -> Architecture? { all.first { $0.className == name } }
}

/// One tensor of an architecture under both its names; `#` stands for the number of the layer.
struct TensorPair: Sendable {
  /// A dimension, by what it counts.
  enum Extent: Sendable {
    case vocabulary, width, feedForward
    /// All heads of the queries; all heads of the keys or values.
    case queries, keys
  }

  /// Rows that GGUF keeps in pairs and Hugging Face in halves.
  enum Turned: Sendable { case byQueryHeads, byKeyHeads }

  let huggingFace: String
  let gguf: String
  /// Outermost first.
  let extents: [Extent]
  let turned: Turned?
  /// Whether a checkpoint may lack it.
  let isOptional: Bool

  init(
    _ huggingFace: String, _ gguf: String, _ extents: Extent..., turned: Turned? = nil,
    optional: Bool = false
  ) {
    self.huggingFace = huggingFace
    self.gguf = gguf
    self.extents = extents
    self.turned = turned
    isOptional = optional
  }

  /// `lm_head.weight`, which models with tied embeddings leave out.
  var isOutput: Bool { gguf == "output.weight" }
}

/// A tensor name with the number of its layer taken out.
struct LayeredName: Hashable {
  /// As ``TensorPair`` spells it, with `#` for the number.
  let pattern: String
  let layer: Int?

  init(_ name: String) {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    for (place, part) in parts.enumerated() {
      // Only the plain spelling of a number names a layer, so that no two names mean the same one.
      guard let number = Int(part), number >= 0, String(number) == part else { continue }
      parts[place] = "#"
      pattern = parts.joined(separator: ".")
      layer = number
      return
    }
    pattern = name
    layer = nil
  }

  /// The name that `pattern` has in `layer`.
  static func spell(_ pattern: String, layer: Int?) -> String {
    guard let layer, let place = pattern.firstIndex(of: "#") else { return pattern }
    return pattern[..<place] + String(layer) + pattern[pattern.index(after: place)...]
  }
}
