#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension RotaryScaling.Llama3 {
  /// The parameters behind the divisors that a GGUF keeps, or `nil` when no parameters give these.
  ///
  /// Between its two ends the ramp is a straight line over the frequency, so two of its points tell
  /// everything that the divisors depend on. Of the parameters with the same line, those with a low frequency
  /// factor of 1 are taken, as all published models have it.
  init?(divisors: [Float], base: Double, headDim: Int) {
    guard divisors.count == headDim / 2, let largest = divisors.max(), largest > 1,
      divisors.allSatisfy({ $0 >= 1 })
    else { return nil }
    let factor = Double(largest)
    var candidates = Self.usualContextLengths.map {
      Self(factor: factor, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: $0)
    }
    if let fitted = Self.fit(divisors, factor: factor, base: base, headDim: headDim) {
      candidates.append(fitted)
      var rounded = fitted
      rounded.highFrequencyFactor = fitted.highFrequencyFactor.rounded()
      candidates.append(rounded)
    }
    let match = candidates.first { candidate in
      zip(candidate.divisors(base: base, headDim: headDim), divisors).allSatisfy {
        abs($0 - $1) <= 1e-5 * $1
      }
    }
    guard let match else { return nil }
    self = match
  }

  /// First those of the published models, for a ramp too short to lay a line through.
  private static let usualContextLengths = [8192] + (9...17).map { 1 << $0 }

  /// Lays the line through the outermost points of the ramp.
  private static func fit(
    _ divisors: [Float], factor: Double, base: Double, headDim: Int
  ) -> Self? {
    let points = divisors.enumerated().compactMap { pair, divisor in
      let turns = pow(base, -Double(2 * pair) / Double(headDim)) / (2 * Double.pi)
      let smooth = (1 / Double(divisor) - 1 / factor) / (1 - 1 / factor)
      return smooth > 0 && smooth < 1 ? (turns: turns, smooth: smooth) : nil
    }
    guard let first = points.first, let last = points.last, first.turns > last.turns else {
      return nil
    }
    let slope = (first.smooth - last.smooth) / (first.turns - last.turns)
    let start = last.smooth - slope * last.turns
    guard start < 0, slope > 0 else { return nil }
    let context = (-slope / start).rounded()
    guard context >= 1, context <= Double(UInt32.max) else { return nil }
    return Self(
      factor: factor, lowFrequencyFactor: 1, highFrequencyFactor: 1 - 1 / start,
      originalContextLength: Int(context))
  }
}
