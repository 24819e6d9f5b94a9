#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

internal import CKernels
internal import Kernels

/// What each layer of a model adds to every key before keys are turned to their positions.
struct KeyBiases: Sendable {
  /// A layer's bias, and which of the rotary embeddings turns it.
  typealias Layer = (bias: FloatVector, turn: Attention.Turn?)

  let layers: [Layer?]
  let rotaries: [Rotary]
}

extension Decoder {
  /// Keys that are normalised after the addition have no bias that they share.
  var keyBiases: KeyBiases {
    KeyBiases(
      layers: layers.map { layer in
        guard let bias = layer.attention.key.bias, layer.attention.keyNorm == nil else {
          return nil
        }
        return (bias, layer.attention.rotary)
      }, rotaries: rotaries)
  }
}

extension KeyBiases {
  /// How much of a layer's bias turns too fast for its mean over a stretch: the root mean square over the
  /// dimensions of the head that has most.
  func rest(layer: Int, dimensions: ModelDimensions, contextLength: Int) -> Double {
    guard let (bias, turn) = layers[layer], let turn else { return 0 }
    let frequencies = rotaries[turn.table].frequencies(contextLength: contextLength)
    let heads = (0..<dimensions.kvHeadCount).map { head in
      let row = bias.pointer + head * dimensions.headDim
      return frequencies.indices.reduce(0) { sum, pair in
        let (first, second) = turn.order.elements(of: pair, of: frequencies.count)
        let square = Double(row[first] * row[first] + row[second] * row[second])
        let mean = KeyOffsets.meanTurn(0, frequency: frequencies[pair], magnitude: 1)
        return sum + square * (1 - mean.cosine * mean.cosine - mean.sine * mean.sine)
      }
    }
    return ((heads.max() ?? 0) / Double(dimensions.headDim)).squareRoot()
  }
}

extension Rotary.Order {
  /// The elements of a head that the pair has, of `count` pairs.
  func elements(of pair: Int, of count: Int) -> (first: Int, second: Int) {
    self == .neighbours ? (2 * pair, 2 * pair + 1) : (pair, pair + count)
  }
}

/// What keys of neighbouring positions have in common, which the cache need not hold for each.
///
/// Biases of keys may be a hundred times what differs from key to key, and a step between numbers of a
/// cache is as coarse as the largest of them. They stand in the pairs that turn slowest, so the mean of
/// the turned bias over a stretch of 256 positions is nearly the whole of it there, and nearly nothing in
/// pairs that turn fast. Keys are stored less that mean, and attention adds its product with a query once
/// a stretch.
///
/// Of Qwen2.5-Coder-0.5B the first layer has a bias of length 277, 273 of it in the slower half of the
/// pairs. Keys stored whole in Q8_0 added 8.6e-3 to the mean divergence, these add 7.3e-4; what is left of
/// the first layer's bias makes most of that, see ``CacheType/holding(keysThatDifferBy:)``.
final class KeyOffsets {
  /// Floats from one head of a layer to the next.
  let headStride: Int
  private let layerStride: Int
  private let headDim: Int
  private let values: Buffer<Float>

  private static let stretch = Int(QUERN_OFFSET_POSITIONS)

  /// - Returns: `nil` when no layer has a bias.
  init?(_ biases: KeyBiases, dimensions: ModelDimensions, contextLength: Int) {
    guard biases.layers.contains(where: { $0 != nil }) else { return nil }
    let stretches = (contextLength + Self.stretch - 1) / Self.stretch
    headDim = dimensions.headDim
    headStride = stretches * headDim
    layerStride = headStride * dimensions.kvHeadCount
    values = Buffer(layerStride * biases.layers.count)
    values.pointer.update(repeating: 0, count: layerStride * biases.layers.count)
    for stretch in 0..<stretches {
      let turns = biases.rotaries.map { rotary in
        rotary.frequencies(contextLength: contextLength).map {
          Self.meanTurn(stretch, frequency: $0, magnitude: rotary.magnitude)
        }
      }
      for (layer, added) in biases.layers.enumerated() {
        guard let added else { continue }
        for head in 0..<dimensions.kvHeadCount {
          let row = values.pointer + layer * layerStride + head * headStride + stretch * headDim
          row.update(from: added.bias.pointer + head * headDim, count: headDim)
          if let turn = added.turn { Self.turn(row, turns[turn.table], order: turn.order) }
        }
      }
    }
  }

  /// The offsets of a layer, `[kv head][stretch][dimension]`.
  func layer(_ layer: Int) -> UnsafePointer<Float> {
    UnsafePointer(values.pointer) + layer * layerStride
  }

  /// What is taken from the keys of `head` at `position`.
  func row(layer: Int, head: Int, position: Int) -> UnsafePointer<Float> {
    self.layer(layer) + head * headStride + position / Self.stretch * headDim
  }

  /// The mean of cosines and sines over the positions of a stretch: those of its middle, shortened.
  fileprivate static func meanTurn(
    _ stretch: Int, frequency: Double, magnitude: Double
  ) -> (cosine: Double, sine: Double) {
    let count = Double(Self.stretch)
    let step = sin(frequency / 2)
    let mean = magnitude * (abs(step) < 1e-12 ? 1 : sin(count * frequency / 2) / (count * step))
    let middle = (Double(stretch) * count + (count - 1) / 2) * frequency
    return (mean * cos(middle), mean * sin(middle))
  }

  private static func turn(
    _ row: UnsafeMutablePointer<Float>, _ turns: [(cosine: Double, sine: Double)],
    order: Rotary.Order
  ) {
    for (pair, turn) in turns.enumerated() {
      let (first, second) = order.elements(of: pair, of: turns.count)
      let x = Double(row[first]), y = Double(row[second])
      row[first] = Float(x * turn.cosine - y * turn.sine)
      row[second] = Float(x * turn.sine + y * turn.cosine)
    }
  }
}
