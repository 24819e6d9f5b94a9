import Checkpoints
import SystemPackage

/// What `--pad-rows` does to a model.
public struct RowPadding: Sendable, Hashable {
  /// A width that grows.
  public struct Width: Sendable, Hashable {
    /// The metadata that states it, `qwen2.feed_forward_length`.
    public let key: String
    /// Elements before, and after.
    public let from: Int
    public let to: Int
    /// Layers that have it.
    public let layerCount: Int
  }

  /// Empty when every row has the type that is wanted for it.
  public let widths: [Width]
  /// Bytes of the result.
  public let byteCount: Int
  /// Bytes that it would have without padding, rows that do not fill blocks in other types; `nil` when it
  /// cannot be had so, as with an importance matrix of the padded model.
  public let unpaddedByteCount: Int?

  /// Every type's blocks fill a multiple of this.
  static let multiple = 256
}

extension ConversionPlan {
  /// Plans with `make`, with padded rows if the options want them.
  ///
  /// - Throws: ``ConversionError`` with `.cannotPad` where rows need it and the model would not stay the same.
  static func padding(
    _ checkpoint: Checkpoint, at source: FilePath, _ options: ConversionOptions,
    plan make: (Checkpoint) throws -> ConversionPlan
  ) throws -> ConversionPlan {
    guard options.padsRows else { return try make(checkpoint) }
    var widening = Widening(checkpoint, options, source)
    try widening.widen()
    var plan = try make(widening.checkpoint)
    plan.padding = RowPadding(
      widths: widening.widths, byteCount: plan.byteCount,
      unpaddedByteCount: widening.widths.isEmpty
        ? plan.byteCount : (try? make(checkpoint))?.byteCount)
    return plan
  }
}
