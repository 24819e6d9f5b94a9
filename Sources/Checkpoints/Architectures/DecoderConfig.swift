/// The numbers that define a decoder, in neither side's words.
struct DecoderConfig: Sendable {
  var layerCount: Int
  /// Elements of the residual stream.
  var width: Int
  var feedForwardWidth: Int
  var headCount: Int
  var kvHeadCount: Int
  var headDim: Int
  /// Whether the source states ``headDim`` or leaves it to be `width / headCount`.
  var statesHeadDim: Bool
  /// Rows of the embedding.
  var vocabularyCount: Int
  var contextLength: Int
  var normEpsilon: Double
  /// Elements of a head that are rotated.
  var rotaryDim: Int
  var rotaryBase: Double
  /// Of layers with a window, where these have a base of their own.
  var localRotaryBase: Double?
  var rotaryScaling: RotaryScaling
  /// Whether the output projection is the embedding.
  var tiesEmbeddings: Bool
  /// Numbers that only some architectures have, by their keys in a GGUF.
  var scalars: [String: Double] = [:]

  /// What a model can have at most: bounds on what a file can make us loop over.
  enum Limit {
    static let layers = 1...65_536
    static let extent = 1...(1 << 30)
    static let heads = 1...65_536
    static let experts = 1...65_536
  }

  func extent(_ extent: TensorPair.Extent) -> Int {
    switch extent {
    case .vocabulary: vocabularyCount
    case .width: width
    case .feedForward: feedForwardWidth
    case .halfFeedForward: feedForwardWidth / 2
    case .queries: headCount * headDim
    case .keys: kvHeadCount * headDim
    case .head: headDim
    case .gateAndUp: 2 * feedForwardWidth
    case .one: 1
    case .experts: expertCount
    case .expertFeedForward: integer("expert_feed_forward_length") ?? feedForwardWidth
    case .sharedFeedForward: integer("expert_shared_feed_forward_length") ?? feedForwardWidth
    case .inputs: (headCount + 2 * kvHeadCount) * headDim
    case .queryHeads: headCount
    case .keyHeads: kvHeadCount
    case .positions: contextLength
    }
  }

  /// Experts of a mixture; 0 where there is none.
  var expertCount: Int { integer("expert_count") ?? 0 }

  private func integer(_ key: String) -> Int? { scalars[key].flatMap { Int(exactly: $0) } }

  func heads(_ turned: TensorPair.Turned) -> Int {
    switch turned {
    case .byQueryHeads: headCount
    case .byKeyHeads: kvHeadCount
    }
  }
}
