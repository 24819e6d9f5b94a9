#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// DRY: tokens that would continue a stretch said before become less likely, the more the longer it is.
///
/// - Source: llama.cpp `src/llama-sampler.cpp`, `llama_sampler_dry_apply`, of llama-cpp-python 0.3.36,
///   after pull request 982 of KoboldCpp.
struct DryPenalty: Sendable {
  let parameters: DryParameters
  let breakers: SequenceBreakers
  /// Longest repetition for which the power is still a number.
  private let exponentLimit: Int
  private var history: History
  /// For each distance back from the last token, how many tokens up to there equal the last ones.
  private var repeats: [Int32] = []
  /// The longest stretch that each token would continue.
  private var longest: [Int32: Int32] = [:]

  init(_ parameters: DryParameters, breakers: SequenceBreakers) {
    self.parameters = parameters
    self.breakers = breakers
    let highest: Float = 88.722_839_1  // the logarithm of the largest number
    exponentLimit = parameters.base > 1.000_001 ? Int(highest / log(parameters.base)) : .max
    history = History(capacity: parameters.window)
    repeats.reserveCapacity(min(parameters.window, 1 << 16))
    longest.reserveCapacity(min(parameters.window, 1 << 16))
  }

  mutating func accept(_ token: Int32) { history.append(token) }

  mutating func apply(to logits: UnsafeMutableBufferPointer<Float>) {
    guard history.count > parameters.allowedLength else { return }
    let limit = breakers.distance(in: history)
    guard limit >= parameters.allowedLength else { return }
    countRepeats(limit: limit)
    findLongest()
    for (token, length) in longest where logits.indices.contains(Int(token)) {
      guard !breakers.breaks(token) else { continue }
      let exponent = min(Int(length) - parameters.allowedLength, exponentLimit)
      let power = pow(Double(parameters.base), Double(exponent))
      logits[Int(token)] -= Float(Double(parameters.multiplier) * power)
    }
  }

  /// Fills `repeats`, none above `limit`, by the Z algorithm: `left...right` is the equal stretch found
  /// so far that reaches furthest back.
  private mutating func countRepeats(limit: Int) {
    repeats.removeAll(keepingCapacity: true)
    repeats.append(0)
    var left = 0
    var right = 0
    for back in 1..<max(1, history.count) {
      if back <= right, Int(repeats[back - left]) < right - back + 1 {
        repeats.append(repeats[back - left])
        continue
      }
      var end = max(back, right + 1)
      while end < history.count, history[back: end] == history[back: end - back] { end += 1 }
      repeats.append(Int32(min(end - back, limit)))
      if end > back { (left, right) = (back, end - 1) }
    }
  }

  /// The token after a repeated stretch is the one that would continue it.
  private mutating func findLongest() {
    longest.removeAll(keepingCapacity: true)
    for back in 1..<max(1, history.count) where repeats[back] >= parameters.allowedLength {
      let token = history[back: back - 1]
      longest[token] = max(longest[token] ?? 0, repeats[back])
    }
  }
}
