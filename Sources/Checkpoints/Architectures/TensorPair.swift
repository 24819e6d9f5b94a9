import TensorCore

/// One tensor of an architecture under both its names; `#` stands for the number of the layer.
struct TensorPair: Sendable {
  /// A dimension, by what it counts.
  enum Extent: Sendable {
    case vocabulary, width, feedForward
    /// Of those that state twice their width.
    case halfFeedForward
    /// All heads of the queries; all heads of the keys or values.
    case queries, keys
    /// One head.
    case head
    /// Gate and up projection, one after the other.
    case gateAndUp
    case one
    case experts
    /// Of one expert; of the expert that every token passes.
    case expertFeedForward, sharedFeedForward
    /// Queries, keys and values, one after the other.
    case inputs
    /// All heads of the queries or of the keys, by number.
    case queryHeads, keyHeads
    case positions
  }

  /// Rows that GGUF keeps in pairs and Hugging Face in halves.
  enum Turned: Sendable { case byQueryHeads, byKeyHeads }

  let huggingFace: String
  let gguf: String
  /// Outermost first.
  let extents: [Extent]
  let turned: Turned?
  /// Whether a checkpoint may lack it.
  private(set) var isOptional: Bool
  /// What the values of a GGUF have more than those of Hugging Face.
  private(set) var shift: Float = 0
  /// Whether Hugging Face keeps columns where a GGUF keeps rows; blocks lie along rows all the same.
  private(set) var isTransposed = false
  /// Whether Hugging Face has one tensor for this and others, which take turns in its last dimension.
  private(set) var turn: Turn?

  init(
    _ huggingFace: String, _ gguf: String, _ extents: Extent..., turned: Turned? = nil,
    optional: Bool = false
  ) {
    self.init(huggingFace, gguf, extents, turned: turned, optional: optional)
  }

  init(
    _ huggingFace: String, _ gguf: String, _ extents: [Extent], turned: Turned? = nil,
    optional: Bool = false
  ) {
    self.huggingFace = huggingFace
    self.gguf = gguf
    self.extents = extents
    self.turned = turned
    isOptional = optional
  }

  /// Whether a Hugging Face checkpoint has a tensor for each expert, which a GGUF stacks.
  var isStacked: Bool { huggingFace.contains(".experts.#.") }

  var isBias: Bool { gguf.hasSuffix(".bias") }

  /// `lm_head.weight`, which models with tied embeddings leave out.
  var isOutput: Bool { gguf == "output.weight" }

  /// The same where no checkpoint may lack it.
  var required: TensorPair { with { $0.isOptional = false } }

  /// The shape in a Hugging Face checkpoint of what has these extents in a GGUF, with those that take
  /// turns.
  ///
  /// - Parameter inBlocks: Whether blocks of it lie along the rows of a GGUF.
  func storedShape(_ extents: [Int], inBlocks: Bool = false) throws -> Shape {
    var extents = extents
    let count = extents.count
    let rows = inBlocks && isTransposed
    if isTransposed, count >= 2, !inBlocks { extents.swapAt(count - 2, count - 1) }
    if let turn { extents[max(0, count - (rows ? 2 : 1))] *= turn.count }
    return try Shape(extents)
  }

  private func with(_ change: (inout TensorPair) -> Void) -> TensorPair {
    var pair = self
    change(&pair)
    return pair
  }

  /// The same for a matrix that Hugging Face keeps the other way round.
  var transposed: TensorPair { with { $0.isTransposed = true } }

  /// The same that takes turns with others of this Hugging Face name.
  func takingTurn(_ place: Int, of count: Int) -> TensorPair {
    with { $0.turn = Turn(place, of: count) }
  }

  /// The same with values that are larger by `shift` in a GGUF.
  func shifted(by shift: Float) -> TensorPair {
    with { $0.shift = shift }
  }
}

extension TensorPair {
  static let embedding = TensorPair(
    "model.embed_tokens.weight", "token_embd.weight", .vocabulary, .width)
  static let outputNorm = TensorPair("model.norm.weight", "output_norm.weight", .width)
  static let output = TensorPair(
    "lm_head.weight", "output.weight", .vocabulary, .width, optional: true)

  /// A tensor of every layer.
  static func layer(
    _ huggingFace: String, _ gguf: String, _ extents: Extent..., turned: Turned? = nil,
    optional: Bool = false
  ) -> TensorPair {
    TensorPair(
      "model.layers.#.\(huggingFace)", "blk.#.\(gguf)", extents, turned: turned,
      optional: optional)
  }

  /// A norm around the mean.
  static func layerNorm(
    _ huggingFace: String, _ gguf: String, optional: Bool = false
  ) -> [TensorPair] {
    ["weight", "bias"].map {
      TensorPair("\(huggingFace).\($0)", "\(gguf).\($0)", .width, optional: optional)
    }
  }

  /// A norm of every layer, of the width unless said otherwise.
  static func norm(
    _ huggingFace: String, _ gguf: String, _ extent: Extent = .width
  ) -> TensorPair {
    layer("\(huggingFace).weight", "\(gguf).weight", extent)
  }
}

/// Which projections may have a bias.
enum Biases: Sendable { case none, inputs, all }

extension [TensorPair] {
  /// Projections of attention, a matrix each.
  ///
  /// - Parameter turns: Whether a GGUF keeps rotary elements in pairs.
  static func attention(turns: Bool = false, biases: Biases = .none) -> [TensorPair] {
    let projections: [(String, String, TensorPair.Extent, TensorPair.Turned?)] = [
      ("q_proj", "attn_q", .queries, turns ? .byQueryHeads : nil),
      ("k_proj", "attn_k", .keys, turns ? .byKeyHeads : nil),
      ("v_proj", "attn_v", .keys, nil),
    ]
    var pairs: [TensorPair] = []
    for (huggingFace, gguf, extent, turned) in projections {
      pairs.append(
        .layer(
          "self_attn.\(huggingFace).weight", "\(gguf).weight", extent, .width, turned: turned))
      guard biases != .none else { continue }
      pairs.append(
        .layer(
          "self_attn.\(huggingFace).bias", "\(gguf).bias", extent, turned: turned, optional: true))
    }
    pairs.append(.layer("self_attn.o_proj.weight", "attn_output.weight", .width, .queries))
    if biases == .all {
      pairs.append(.layer("self_attn.o_proj.bias", "attn_output.bias", .width, optional: true))
    }
    return pairs
  }

  /// A gate, an up and a down projection.
  static func gatedFeedForward(biases: Bool = false) -> [TensorPair] {
    let projections: [(String, String, TensorPair.Extent, TensorPair.Extent)] = [
      ("gate_proj", "ffn_gate", .feedForward, .width), ("up_proj", "ffn_up", .feedForward, .width),
      ("down_proj", "ffn_down", .width, .feedForward),
    ]
    return projections.flatMap { huggingFace, gguf, rows, columns -> [TensorPair] in
      let weight = TensorPair.layer(
        "mlp.\(huggingFace).weight", "\(gguf).weight", rows, columns)
      guard biases else { return [weight] }
      return [
        weight, .layer("mlp.\(huggingFace).bias", "\(gguf).bias", rows, optional: true),
      ]
    }
  }

  /// The same where the values of norms are larger by one in a GGUF.
  var withShiftedNorms: [TensorPair] {
    map { $0.gguf.hasSuffix("norm.weight") ? $0.shifted(by: 1) : $0 }
  }
}
