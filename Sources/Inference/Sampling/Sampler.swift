#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Chooses tokens from logits, one after the other.
///
/// Its memory is allocated once; choosing allocates nothing.
public struct Sampler {
  public let parameters: SamplingParameters

  private struct Candidate {
    var id: Int32
    var logit: Float
  }

  private var random: RandomSource
  private var candidates: [Candidate] = []
  private var weights: [Double] = []
  /// The last `repeatWindow` tokens, as a ring.
  private var recent: [Int32] = []
  private var recentStart = 0

  /// - Throws: ``ModelError/badSampling(parameter:found:expected:)``.
  public init(_ parameters: SamplingParameters) throws(ModelError) {
    try parameters.check()
    self.parameters = parameters
    random = RandomSource(seed: parameters.seed)
    recent.reserveCapacity(parameters.repeatWindow)
  }

  /// Notes a token that is part of the text, for the repeat penalty.
  public mutating func accept(_ token: Int32) {
    guard parameters.repeatPenalty != 1, parameters.repeatWindow > 0 else { return }
    if recent.count < parameters.repeatWindow {
      recent.append(token)
    } else {
      recent[recentStart] = token
      recentStart = (recentStart + 1) % recent.count
    }
  }

  /// Chooses the next token. The logits are scratch: penalties change them.
  ///
  /// - Complexity: O(vocabulary) for greedy choice and for top-k; without top-k the kept tokens are
  ///   sorted.
  public mutating func sample(_ logits: UnsafeMutableBufferPointer<Float>) -> Int32 {
    precondition(!logits.isEmpty)
    penalize(logits)
    if parameters.temperature == 0 || parameters.topK == 1 { return Self.likeliest(logits) }
    collect(logits)
    cutByProbability()
    return draw()
  }

  static func likeliest(_ logits: UnsafeMutableBufferPointer<Float>) -> Int32 {
    var best = 0
    for index in logits.indices where logits[index] > logits[best] { best = index }
    return Int32(best)
  }

  private func penalize(_ logits: UnsafeMutableBufferPointer<Float>) {
    guard parameters.repeatPenalty != 1 else { return }
    for (index, token) in recent.enumerated() where logits.indices.contains(Int(token)) {
      // Once for each distinct token.
      guard !recent[..<index].contains(token) else { continue }
      let logit = logits[Int(token)]
      logits[Int(token)] =
        logit > 0 ? logit / parameters.repeatPenalty : logit * parameters.repeatPenalty
    }
  }

  /// Order of candidates: likelier first, equal ones by id, so that results do not depend on sorting.
  private static func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
    a.logit > b.logit || (a.logit == b.logit && a.id < b.id)
  }

  /// Fills `candidates` with the top k, likeliest first.
  private mutating func collect(_ logits: UnsafeMutableBufferPointer<Float>) {
    candidates.removeAll(keepingCapacity: true)
    let limit = parameters.topK == 0 ? logits.count : min(parameters.topK, logits.count)
    if limit > 1024 {
      candidates.reserveCapacity(logits.count)
      for (index, logit) in logits.enumerated() {
        candidates.append(Candidate(id: Int32(index), logit: logit))
      }
      candidates.sort(by: Self.precedes)
      candidates.removeLast(candidates.count - limit)
      return
    }
    // A short list is kept in order; most tokens fail the first comparison.
    candidates.reserveCapacity(limit + 1)
    for (index, logit) in logits.enumerated() {
      if candidates.count == limit, logit <= candidates[limit - 1].logit { continue }
      let candidate = Candidate(id: Int32(index), logit: logit)
      var lower = 0
      var upper = candidates.count
      while lower < upper {
        let middle = (lower + upper) / 2
        if Self.precedes(candidates[middle], candidate) {
          lower = middle + 1
        } else {
          upper = middle
        }
      }
      if candidates.count == limit { candidates.removeLast() }
      candidates.insert(candidate, at: lower)
    }
  }

  /// Drops the tail that top-p and min-p leave out; the first always stays.
  private mutating func cutByProbability() {
    if parameters.topP < 1 {
      fillWeights(temperature: 1)
      let total = weights.reduce(0, +)
      var sum = 0.0
      var kept = 0
      while kept < weights.count {
        sum += weights[kept]
        kept += 1
        if sum >= Double(parameters.topP) * total { break }
      }
      candidates.removeLast(candidates.count - kept)
    }
    if parameters.minP > 0 {
      let floor = candidates[0].logit + Float(log(Double(parameters.minP)))
      let kept = candidates.firstIndex { $0.logit < floor } ?? candidates.count
      candidates.removeLast(candidates.count - max(1, kept))
    }
  }

  private mutating func fillWeights(temperature: Float) {
    weights.removeAll(keepingCapacity: true)
    let highest = candidates[0].logit
    for candidate in candidates {
      weights.append(exp(Double((candidate.logit - highest) / temperature)))
    }
  }

  private mutating func draw() -> Int32 {
    fillWeights(temperature: parameters.temperature)
    var left = random.nextUnit() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() {
      left -= weight
      if left < 0 { return candidates[index].id }
    }
    // Rounding may leave a little; a forbidden token has no weight and is never drawn.
    return candidates[weights.lastIndex { $0 > 0 } ?? 0].id
  }
}
