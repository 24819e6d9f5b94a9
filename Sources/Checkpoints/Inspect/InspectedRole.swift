/// What a tensor is for, by its name in a GGUF or in a Hugging Face checkpoint.
public enum InspectedRole: String, Sendable, Hashable, CaseIterable {
  case embedding
  case attention
  case feedForward = "feed_forward"
  case experts
  case norms
  case output
  case other

  /// - Source: the names of llama.cpp's src/llama-arch.cpp, and of the models of transformers.
  public init(_ name: String) {
    let words = Set(name.split { $0 == "." || $0 == "_" }.map { $0.lowercased() })
    func has(_ any: String...) -> Bool { !words.isDisjoint(with: any) }
    if has("ln") || words.contains(where: { $0.hasSuffix("norm") || $0.hasSuffix("norms") }) {
      self = .norms
    } else if has("exps", "chexps", "shexp", "expert", "experts", "router", "moe")
      || has("ffn") && has("inp") || has("mlp") && has("gate") && !has("proj")
    {
      // The router too: `ffn_gate_inp`, `mlp.gate`.
      self = .experts
    } else if has("attn", "attention", "attentions") {
      self = .attention
    } else if has("ffn", "mlp", "feed") {
      self = .feedForward
    } else if name == "output.weight" || name == "output.bias" || has("lm") && has("head") {
      self = .output
    } else if has("embd", "embed", "embedding", "embeddings", "wte", "wpe") {
      self = .embedding
    } else {
      self = .other
    }
  }
}

extension Inspection {
  /// Tensors that have something in common.
  public struct Share: Sendable, Hashable {
    public internal(set) var tensorCount = 0
    public internal(set) var parameterCount = 0
    public internal(set) var byteCount = 0

    mutating func add(_ tensor: Tensor) {
      tensorCount += 1
      parameterCount += tensor.shape.elementCount
      byteCount += tensor.byteCount
    }
  }

  /// One block of the model.
  public struct Layer: Sendable, Hashable {
    public let number: Int
    public internal(set) var share = Share()
    /// The types of its matrices by what they are for, each as often as it stands there.
    public internal(set) var types: [InspectedRole: [String: Int]] = [:]
  }

  /// The sizes of what the tensors are for, in the order of ``InspectedRole``.
  public var roles: [(role: InspectedRole, share: Share)] {
    var shares: [InspectedRole: Share] = [:]
    for tensor in tensors { shares[InspectedRole(tensor.name), default: Share()].add(tensor) }
    return InspectedRole.allCases.compactMap { role in shares[role].map { (role, $0) } }
  }

  /// The sizes of types, the largest first.
  public var types: [(type: String, share: Share)] {
    var shares: [String: Share] = [:]
    for tensor in tensors { shares[tensor.type.name, default: Share()].add(tensor) }
    return shares.sorted { ($0.value.byteCount, $1.key) > ($1.value.byteCount, $0.key) }
      .map { ($0.key, $0.value) }
  }

  /// The blocks of the model, in order.
  public var layers: [Layer] {
    var layers: [Int: Layer] = [:]
    for tensor in tensors {
      guard let number = Self.layer(of: tensor.name) else { continue }
      var layer = layers[number] ?? Layer(number: number)
      layer.share.add(tensor)
      if tensor.shape.dimensions.count > 1 {
        layer.types[InspectedRole(tensor.name), default: [:]][tensor.type.name, default: 0] += 1
      }
      layers[number] = layer
    }
    return layers.values.sorted { $0.number < $1.number }
  }

  /// The number of a block: the first number that follows a word for blocks.
  static func layer(of name: String) -> Int? {
    let fields = name.split(separator: ".")
    for (word, number) in zip(fields, fields.dropFirst())
    where ["blk", "layers", "h", "layer", "blocks", "block"].contains(word) {
      return Int(number)
    }
    return nil
  }
}
