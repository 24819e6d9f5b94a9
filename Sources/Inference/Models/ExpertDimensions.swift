/// The extents of a mixture of experts.
public struct ExpertDimensions: Sendable, Hashable {
  public var count: Int
  /// Experts that each token passes.
  public var usedCount: Int
  public var feedForwardWidth: Int
  /// Of the expert that every token passes; 0 where there is none.
  public var sharedFeedForwardWidth = 0
  /// Whether the weights take more than the memory that was left when they were loaded.
  var exceedMemory = false
}

extension ExpertDimensions {
  /// - Parameter feedForwardWidth: Of an expert, where no key says.
  init(_ parameters: ModelParameters, feedForwardWidth: Int) throws(ModelError) {
    count = try parameters.integer("expert_count", in: ModelLimits.experts)
    usedCount = try parameters.integer(
      "expert_used_count", in: 1...min(count, ModelLimits.usedExperts))
    self.feedForwardWidth = try parameters.integer(
      "expert_feed_forward_length", in: ModelLimits.width, default: feedForwardWidth)
  }
}
