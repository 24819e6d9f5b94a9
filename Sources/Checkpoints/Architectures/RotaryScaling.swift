#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How rotary positions are stretched beyond the context that a model was first trained on.
enum RotaryScaling: Sendable, Hashable {
  enum Kind: String, Sendable { case none, linear, yarn, llama3, longRope = "longrope" }

  case none
  /// Positions divided by a factor.
  case linear(factor: Double)
  case yarn(Yarn)
  case llama3(Llama3)
  case longRope(LongRope)

  struct Yarn: Sendable, Hashable {
    var factor: Double
    var originalContextLength: Int
    var extrapolationFactor: Double?
    var attentionFactor: Double?
    var betaFast: Double?
    var betaSlow: Double?
    /// Whether its ramp starts and ends at whole pairs, where that is not what engines take it to do.
    var roundsRamp: Bool?
  }

  /// Low frequencies divided by a factor, high ones kept, a ramp between.
  struct Llama3: Sendable, Hashable {
    var factor: Double
    var lowFrequencyFactor: Double
    var highFrequencyFactor: Double
    var originalContextLength: Int
  }

  var kind: Kind {
    switch self {
    case .none: .none
    case .linear: .linear
    case .yarn: .yarn
    case .llama3: .llama3
    case .longRope: .longRope
    }
  }
}

extension RotaryScaling.Llama3 {
  /// The divisor of each frequency, as GGUF keeps it in `rope_freqs.weight`.
  ///
  /// In single precision, operation by operation as the reference does it.
  ///
  /// - Source: `generate_extra_tensors` in llama.cpp's conversion/llama.py.
  func divisors(base: Double, headDim: Int) -> [Float] {
    let context = Float(originalContextLength)
    let lowWavelength = Float(Double(originalContextLength) / lowFrequencyFactor)
    let highWavelength = Float(Double(originalContextLength) / highFrequencyFactor)
    let ramp = Float(highFrequencyFactor - lowFrequencyFactor)
    return stride(from: 0, to: headDim, by: 2).map { place in
      let frequency = 1 / powf(Float(base), Float(place) / Float(headDim))
      let wavelength = Float(2 * Double.pi) / frequency
      if wavelength < highWavelength { return 1 }
      if wavelength > lowWavelength { return Float(factor) }
      let smooth = (context / wavelength - Float(lowFrequencyFactor)) / ramp
      return 1 / ((1 - smooth) / Float(factor) + smooth)
    }
  }
}
