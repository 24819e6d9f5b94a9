internal import CKernels
internal import Kernels

/// Rotary position embedding: how fast each pair of a head's elements turns, and which elements pair.
///
/// - Source: RoFormer (arXiv 2104.09864).
struct Rotary: Sendable {
  enum Order: Sendable {
    /// Elements 2i and 2i + 1: arch `llama`, whose rows are permuted for it.
    case neighbours
    /// Elements i and i + dim/2: "NEOX".
    case halves
  }

  let order: Order
  /// Radians that each pair turns from one position to the next.
  private let frequencies: FrequencyVector
  /// The same in a context longer than ``originalContextLength``.
  private let longFrequencies: FrequencyVector
  private let originalContextLength: Int
  /// Length of what is turned, times what it was before.
  let magnitude: Double

  /// - Parameters:
  ///   - factors: `rope_freqs.weight`, what each frequency is divided by.
  ///   - longRope: Divisors that depend on the context, where there are no `factors`.
  init(
    order: Order, parameters: ModelParameters, rotaryDim: Int, factors: FloatVector?,
    longRope: LongRopeFactors? = nil
  ) throws(ModelError) {
    self.order = order
    let scaling = try RotaryScaling(parameters)
    frequencies = scaling.frequencies(dim: rotaryDim, divisors: factors ?? longRope?.short)
    longFrequencies =
      factors == nil && longRope != nil
      ? scaling.frequencies(dim: rotaryDim, divisors: longRope?.long) : frequencies
    originalContextLength = scaling.originalContextLength
    magnitude = scaling.magnitude
  }

  /// The frequencies of a sequence that may have up to `contextLength` positions.
  ///
  /// The room decides and not the text: keys stay as they were turned.
  ///
  /// - Source: `get_rope_factors` in llama.cpp's src/llama-model.cpp.
  func frequencies(contextLength: Int) -> UnsafeBufferPointer<Double> {
    (contextLength > originalContextLength ? longFrequencies : frequencies).values
  }
}

extension Pass {
  /// Turns queries and keys to their positions and puts keys and values of `layer` into the cache.
  func rotateAndStore(layer: Int, order: Rotary.Order) {
    var region = RotaryRegion(pass: self, layer: layer, order: order)
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: tokenCount, chunk: tokenChunk, context: region) {
        context, lower, upper, _ in
        let region = context.assumingMemoryBound(to: RotaryRegion.self)
        for token in lower..<upper { region.pointee.run(token) }
      }
    }
  }
}

private struct RotaryRegion {
  let pass: Pass
  let layer: Int
  let order: Rotary.Order

  func run(_ token: Int) {
    let dimensions = pass.dimensions
    let workspace = pass.workspace
    let products = pass.kernels.products
    let turns = workspace.turns.pointer + token * dimensions.rotaryDim
    let rotate =
      order == .neighbours
      ? products.pointee.rotate_neighbours! : products.pointee.rotate_halves!
    let queries = workspace.queries.pointer + token * dimensions.queryWidth
    for head in 0..<dimensions.headCount {
      rotate(queries + head * dimensions.headDim, turns, dimensions.rotaryDim / 2)
    }
    let keys = workspace.keys.pointer + token * dimensions.kvWidth
    for head in 0..<dimensions.kvHeadCount {
      rotate(keys + head * dimensions.headDim, turns, dimensions.rotaryDim / 2)
    }
    pass.cache.store(
      layer: layer, position: pass.position + token, keys: keys,
      values: workspace.values.pointer + token * dimensions.kvWidth, kernels: pass.kernels)
  }
}
