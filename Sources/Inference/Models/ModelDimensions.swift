/// The extents that decide how much memory a session needs.
public struct ModelDimensions: Sendable, Hashable {
  public var layerCount: Int
  /// Elements of the residual stream.
  public var width: Int
  /// Elements between the matrices of a feed-forward network.
  public var feedForwardWidth: Int
  /// Of a mixture; nil for a dense model.
  public var experts: ExpertDimensions?
  /// Heads of queries.
  public var headCount: Int
  /// Heads of keys and values, each shared by `headCount / kvHeadCount` of queries.
  public var kvHeadCount: Int
  /// Elements of a head.
  public var headDim: Int
  /// Elements of a head that are rotated.
  public var rotaryDim: Int
  /// Ways in which layers turn them.
  public var rotaryCount = 1
  /// Rows of the embedding, and logits of a token.
  public var vocabularyCount: Int
  /// Positions that the model was made for.
  public var contextLimit: Int

  /// Of the widest network that every token passes.
  var widestFeedForward: Int { max(feedForwardWidth, experts?.sharedFeedForwardWidth ?? 0) }
  var queryWidth: Int { headCount * headDim }
  var kvWidth: Int { kvHeadCount * headDim }
}

extension ModelDimensions {
  /// The keys that every dense decoder has.
  ///
  /// - Parameter vocabularyCount: Rows of the embedding.
  init(_ parameters: ModelParameters, vocabularyCount: Int) throws(ModelError) {
    layerCount = try parameters.integer("block_count", in: ModelLimits.layers)
    width = try parameters.integer("embedding_length", in: ModelLimits.width)
    feedForwardWidth = try parameters.integer("feed_forward_length", in: ModelLimits.width)
    headCount = try parameters.integer("attention.head_count", in: ModelLimits.heads)
    kvHeadCount = try parameters.integer(
      "attention.head_count_kv", in: 1...headCount, default: headCount)
    guard headCount % kvHeadCount == 0 else {
      throw .badValue(
        key: "\(parameters.architecture).attention.head_count_kv", found: "\(kvHeadCount)",
        expected: "a divisor of the head count \(headCount)")
    }
    headDim = try parameters.integer(
      "attention.key_length", in: ModelLimits.headDim, default: max(1, width / headCount))
    let valueDim = try parameters.integer(
      "attention.value_length", in: ModelLimits.headDim, default: headDim)
    guard ModelLimits.headDim.contains(headDim) else {
      throw .badValue(
        key: "\(parameters.architecture).attention.head_count", found: "\(headCount)",
        expected: "heads of at most \(ModelLimits.headDim.upperBound) elements")
    }
    guard valueDim == headDim else {
      throw .badValue(
        key: "\(parameters.architecture).attention.value_length", found: "\(valueDim)",
        expected: "the key length \(headDim)")
    }
    rotaryDim = try parameters.integer(
      "rope.dimension_count", in: 2...max(2, headDim), default: headDim)
    guard rotaryDim % 2 == 0 else {
      throw .badValue(
        key: "\(parameters.architecture).rope.dimension_count", found: "\(rotaryDim)",
        expected: "an even number")
    }
    contextLimit = try parameters.integer("context_length", in: ModelLimits.contextLength)
    self.vocabularyCount = vocabularyCount
  }
}
