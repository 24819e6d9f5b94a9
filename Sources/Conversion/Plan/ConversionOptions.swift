import TensorCore

/// What a conversion is asked to do.
public struct ConversionOptions: Sendable {
  /// The mixture to write; `nil` keeps every tensor's type.
  public var recipe: Recipe?
  /// What the columns of each matrix weigh when it is quantized.
  public var importance: ImportanceMatrix?
  /// Give every matrix the recipe's base type.
  public var isPure = false
  /// Quantize tensors that are already quantized, from their decoded values.
  public var allowRequantize = false
  /// Accept infinities and NaNs in the source.
  public var allowNonFinite = false
  /// Replace a destination that exists.
  public var overwrite = false
  /// Bytes of tensor data in one safetensors shard, at most, unless a single tensor is larger.
  public var maxShardByteCount = 5_000_000_000

  public init(recipe: Recipe? = nil) { self.recipe = recipe }
}
