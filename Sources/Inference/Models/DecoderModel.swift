internal import GGUF
internal import Kernels

/// One architecture: its weights, checked, and the order in which a batch passes through them.
protocol DecoderModel: Sendable {
  /// The value of `general.architecture`.
  static var architecture: String { get }

  var dimensions: ModelDimensions { get }
  var epsilon: Float { get }
  var outputNorm: FloatVector { get }
  var output: Linear { get }
  var keyBiases: KeyBiases { get }

  /// - Throws: ``ModelError`` for a key or tensor that is missing or not what it should be.
  init(_ source: TensorSource) throws(ModelError)

  /// Runs all layers. Afterwards the residual stream lacks only what the workspace's `projected` holds.
  func forward(_ tokens: UnsafeBufferPointer<Int32>, _ pass: Pass)
}

extension TensorSource {
  /// `output.weight`, or the embedding where the file leaves it out.
  func outputMatrix(tiedTo embedding: WeightMatrix) throws(ModelError) -> Linear {
    guard has("output.weight") else { return Linear(weight: embedding, bias: nil) }
    return try linear("output", rows: embedding.rows, columns: embedding.columns)
  }
}
