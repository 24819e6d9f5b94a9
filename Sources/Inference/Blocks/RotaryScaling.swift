#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How positions are stretched beyond the context that a model was first trained on, as the metadata say.
///
/// - Source: `general.rope.scaling` of the GGUF specification; YaRN, arXiv 2309.00071; what llama.cpp reads in
///   src/llama-model.cpp and src/llama-context.cpp and computes in `rope_yarn`.
struct RotaryScaling: Sendable {
  /// Frequencies are powers of it.
  let base: Double
  /// What positions are multiplied by.
  let scale: Double
  let originalContextLength: Int
  /// Length of what is turned, times what it was before.
  let magnitude: Double
  private let yarn: Yarn?
  /// Whether YaRN's ramp starts and ends at whole pairs.
  private let roundsRamp: Bool

  /// Slow pairs are stretched, fast ones are left alone, a ramp lies between.
  private struct Yarn: Sendable {
    /// Turns within the original context: pairs with as many are fast, those with as few are slow.
    var fastTurns, slowTurns: Double
    /// How much of the ramp counts.
    var share: Double
  }

  /// No stretching.
  init(base: Double) {
    self.base = base
    scale = 1
    originalContextLength = .max
    magnitude = 1
    yarn = nil
    roundsRamp = true
  }

  /// - Parameter roundsRamp: Whether YaRN's ramp starts and ends at whole pairs, where no key says.
  init(_ parameters: ModelParameters, roundsRamp: Bool = true) throws(ModelError) {
    self.roundsRamp = parameters.flag("rope.scaling.yarn_truncate") ?? roundsRamp
    base = Double(try parameters.positive("rope.freq_base", default: 10_000))
    originalContextLength = try parameters.integer(
      "rope.scaling.original_context_length", in: ModelLimits.contextLength,
      default: try parameters.integer("context_length", in: ModelLimits.contextLength))
    let type = parameters.string("rope.scaling.type") ?? "linear"
    guard ["none", "linear", "yarn", "longrope"].contains(type) else {
      throw .badValue(
        key: "\(parameters.architecture).rope.scaling.type", found: "'\(type)'",
        expected: "'none', 'linear', 'yarn' or 'longrope'")
    }
    let factor = type == "none" ? 1 : try Self.factor(parameters)
    scale = 1 / factor
    var magnitude = Double(try parameters.positive("rope.scaling.attn_factor", default: 1))
    yarn = type == "yarn" ? try Self.yarn(parameters, factor: factor, &magnitude) : nil
    self.magnitude = magnitude
  }

  /// By how much the context has grown. Files from before `rope.scaling` say it under another key; zero
  /// stands for one.
  private static func factor(_ parameters: ModelParameters) throws(ModelError) -> Double {
    let key = parameters.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear"
    guard let factor = try parameters.number(key), factor != 0 else { return 1 }
    return Double(try parameters.positive(key))
  }

  private static func yarn(
    _ parameters: ModelParameters, factor: Double, _ magnitude: inout Double
  ) throws(ModelError) -> Yarn {
    func magnified(by weight: Double) -> Double {
      factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1
    }
    // A negative share is one that was not set.
    let stated = try parameters.number("rope.scaling.yarn_ext_factor") ?? -1
    let share = stated < 0 ? 1 : stated
    if parameters.has("rope.scaling.yarn_attn_factor") {
      // transformers' attention factor, which takes the place of the paper's.
      magnitude *= Double(try parameters.positive("rope.scaling.yarn_attn_factor"))
    } else if share != 0 {
      let all = try parameters.number("rope.scaling.yarn_log_multiplier") ?? 0
      magnitude *= magnified(by: 1) / (all == 0 ? 1 : magnified(by: all))
    }
    return Yarn(
      fastTurns: Double(try parameters.positive("rope.scaling.yarn_beta_fast", default: 32)),
      slowTurns: Double(try parameters.positive("rope.scaling.yarn_beta_slow", default: 1)),
      share: share)
  }

  /// Radians from one position to the next, for each of `dim / 2` pairs.
  func frequencies(dim: Int, divisors: FloatVector?) -> FrequencyVector {
    let ramp = yarn.map { yarn in
      let (start, end) = (
        pair(turning: yarn.fastTurns, dim: dim), pair(turning: yarn.slowTurns, dim: dim)
      )
      return (
        start: max(0, roundsRamp ? start.rounded(.down) : start),
        end: min(Double(dim - 1), roundsRamp ? end.rounded(.up) : end)
      )
    }
    return FrequencyVector(
      (0..<dim / 2).map { pair in
        let divisor = divisors.map { Double($0.values[pair]) } ?? 1
        let frequency = pow(base, -2 * Double(pair) / Double(dim)) / divisor
        guard let yarn, let ramp else { return frequency * scale }
        let place = (Double(pair) - ramp.start) / max(0.001, ramp.end - ramp.start)
        let kept = (1 - min(1, max(0, place))) * yarn.share
        return frequency * scale * (1 - kept) + frequency * kept
      })
  }

  /// The pair, a broken number, that turns so often within the original context.
  private func pair(turning turns: Double, dim: Int) -> Double {
    Double(dim) * log(Double(originalContextLength) / (turns * 2 * .pi)) / (2 * log(base))
  }
}
