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
  ///   - roundsRamp: Whether YaRN's ramp starts and ends at whole pairs, where no key says.
  init(
    order: Order, parameters: ModelParameters, rotaryDim: Int, factors: FloatVector?,
    longRope: LongRopeFactors? = nil, roundsRamp: Bool = true
  ) throws(ModelError) {
    self.order = order
    let scaling = try RotaryScaling(parameters, roundsRamp: roundsRamp)
    frequencies = scaling.frequencies(dim: rotaryDim, divisors: factors ?? longRope?.short)
    longFrequencies =
      factors == nil && longRope != nil
      ? scaling.frequencies(dim: rotaryDim, divisors: longRope?.long) : frequencies
    originalContextLength = scaling.originalContextLength
    magnitude = scaling.magnitude
  }

  /// Turns without any stretching.
  init(order: Order, base: Float, rotaryDim: Int) {
    self.order = order
    let scaling = RotaryScaling(base: Double(base))
    frequencies = scaling.frequencies(dim: rotaryDim, divisors: nil)
    longFrequencies = frequencies
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
