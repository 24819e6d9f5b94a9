internal import Kernels

/// A model as all architectures here have it: an embedding, layers of attention and feed-forward
/// networks around a residual stream, and an output matrix.
struct Decoder: Sendable {
  var dimensions: ModelDimensions
  let embedding: WeightMatrix
  /// What rows of the embedding are multiplied with.
  var embeddingScale: Float = 1
  /// Rows that are added by position, where models learn them.
  var positions: WeightMatrix?
  /// The ways in which layers turn queries and keys to their positions.
  let rotaries: [Rotary]
  let layers: [DecoderLayer]
  var head: OutputHead

  /// Runs all layers. Afterwards the residual stream lacks only ``lastAddition``.
  func forward(_ tokens: UnsafeBufferPointer<Int32>, _ pass: Pass) {
    pass.embed(tokens, from: embedding, scale: embeddingScale)
    if let positions { pass.addPositions(positions) }
    for (index, rotary) in rotaries.enumerated() {
      pass.fillTurns(pass.turns(of: index), of: rotary)
    }
    var addition: Addition?
    for (index, layer) in layers.enumerated() {
      pass.attention(layer.attention, layer: index, after: layer.attentionNorm, adding: addition)
      if layer.isParallel {
        pass.feedForwardBeside(layer.feedForward, adding: layer.attentionAddition)
      } else {
        pass.feedForward(
          layer.feedForward, after: layer.feedForwardNorm, adding: layer.attentionAddition)
      }
      addition = layer.feedForwardAddition
    }
  }

  /// What the last layer leaves to be added.
  var lastAddition: Addition? { layers.last?.feedForwardAddition }
}

/// One layer: attention, then a feed-forward network. Each reads the residual stream through a norm and
/// adds to it, some through another norm or by a fraction.
struct DecoderLayer: Sendable {
  /// Without a norm a block reads the residual stream as it is.
  var attentionNorm: Norm?
  var attention: Attention
  var attentionAddition = Addition()
  var feedForwardNorm: Norm?
  var feedForward: any FeedForward
  var feedForwardAddition = Addition()
  /// Whether the network reads the rows that attention read, through its norm.
  var isParallel = false
}

/// An architecture that runs: how its files become a ``Decoder``.
protocol DecoderArchitecture {
  /// The value of `general.architecture`.
  static var name: String { get }

  /// - Throws: ``ModelError`` for a key or tensor that is missing or not what it should be.
  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder
}
