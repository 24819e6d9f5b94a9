import Checkpoints
import TensorCore

/// The tensors of one feed-forward network, or of all those that one layer's experts stack.
struct FeedForwardNetwork {
  enum Kind: String, CaseIterable {
    case experts = "_exps"
    case sharedExpert = "_shexp"
    // Last, as every name ends in nothing.
    case dense = ""
  }

  enum Part: String {
    case gate, up, down
    case gateAndUp = "gate_up"
  }

  struct Member {
    let part: Part
    let isBias: Bool
    /// Its place in the checkpoint.
    let index: Int
    let tensor: CheckpointTensor
  }

  let layer: Int
  let kind: Kind
  fileprivate(set) var members: [Member] = []

  /// The matrix whose rows are as wide as the network.
  var down: CheckpointTensor? {
    members.first { $0.part == .down && !$0.isBias }?.tensor
  }

  /// The networks of a model, layer by layer.
  static func all(in tensors: [CheckpointTensor]) -> [FeedForwardNetwork] {
    var networks: [[Int]: FeedForwardNetwork] = [:]
    for (index, tensor) in tensors.enumerated() {
      guard let name = FeedForwardName(tensor.name) else { continue }
      let place = Kind.allCases.firstIndex(of: name.kind) ?? 0
      networks[
        [name.layer, place], default: FeedForwardNetwork(layer: name.layer, kind: name.kind)
      ].members.append(Member(part: name.part, isBias: name.isBias, index: index, tensor: tensor))
    }
    return networks.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }

  /// How a member grows when the network does.
  ///
  /// Rows of zeros make elements of zero, which meet columns of zeros.
  ///
  /// - Returns: `nil` when it stays as it is.
  /// - Throws: ``PaddingObstacle/shape(_:width:)`` when it does not have that width.
  func padding(of member: Member, from width: Int, to padded: Int) throws -> ZeroPadding? {
    let shape = member.tensor.shape
    var extents = shape.dimensions
    let inner = extents.count - 1
    var partCount = 1
    let result: ZeroPadding?
    switch (member.part, member.isBias) {
    case (.down, true):
      return nil
    case (.down, false) where inner >= 1 && extents[inner] == width,
      (.gate, true) where inner >= 0 && extents[inner] == width,
      (.up, true) where inner >= 0 && extents[inner] == width:
      extents[inner] = padded
    case (.gate, false) where inner >= 1 && extents[inner - 1] == width,
      (.up, false) where inner >= 1 && extents[inner - 1] == width:
      extents[inner - 1] = padded
      partCount = extents[..<(inner - 1)].reduce(1, *)
    // Gate above, up below: each grows by itself.
    case (.gateAndUp, false) where inner >= 1 && extents[inner - 1] == 2 * width,
      (.up, false) where inner >= 1 && extents[inner - 1] == 2 * width && !hasGate:
      extents[inner - 1] = 2 * padded
      partCount = 2 * extents[..<(inner - 1)].reduce(1, *)
    default:
      throw PaddingObstacle.shape(shape, width: width)
    }
    result = ZeroPadding(from: shape, to: try Shape(extents), partCount: partCount)
    guard let result else { throw PaddingObstacle.shape(shape, width: width) }
    return result
  }

  private var hasGate: Bool { members.contains { $0.part == .gate } }
}

/// What the name of a tensor of a feed-forward network says: `blk.12.ffn_gate_up_exps.weight`.
struct FeedForwardName {
  let layer: Int
  let kind: FeedForwardNetwork.Kind
  let part: FeedForwardNetwork.Part
  let isBias: Bool

  /// - Returns: `nil` for any other tensor.
  init?(_ name: String) {
    let words = name.split(separator: ".", omittingEmptySubsequences: false)
    guard words.count == 4, let layer = TypeChooser.layer(of: name), words[2].hasPrefix("ffn_"),
      words[3] == "weight" || words[3] == "bias"
    else { return nil }
    let stem = words[2].dropFirst("ffn_".count)
    let kind = FeedForwardNetwork.Kind.allCases.first { stem.hasSuffix($0.rawValue) } ?? .dense
    guard
      let part = FeedForwardNetwork.Part(
        rawValue: String(stem.dropLast(kind.rawValue.count)))
    else { return nil }
    self.layer = layer
    self.kind = kind
    self.part = part
    isBias = words[3] == "bias"
  }
}
