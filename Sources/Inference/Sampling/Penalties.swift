/// Repeat, presence and frequency penalties: tokens of the last stretch become less likely.
///
/// - Source: llama.cpp `src/llama-sampler.cpp`, `llama_sampler_penalties_apply`, of llama-cpp-python
///   0.3.36.
struct Penalties: Sendable {
  let repeatPenalty: Float
  let presencePenalty: Float
  let frequencyPenalty: Float
  private var history: History
  /// How often each token of the history is in it.
  private var counts: [Int32: Int32] = [:]

  init(_ parameters: SamplingParameters) {
    repeatPenalty = parameters.repeatPenalty
    presencePenalty = parameters.presencePenalty
    frequencyPenalty = parameters.frequencyPenalty
    history = History(capacity: parameters.repeatWindow)
    counts.reserveCapacity(min(parameters.repeatWindow, 1 << 16) + 1)
  }

  mutating func accept(_ token: Int32) {
    counts[token, default: 0] += 1
    guard let old = history.append(token), let count = counts[old] else { return }
    counts[old] = count > 1 ? count - 1 : nil
  }

  func apply(to logits: UnsafeMutableBufferPointer<Float>) {
    for (token, count) in counts where logits.indices.contains(Int(token)) {
      var logit = logits[Int(token)]
      if logit > 0 { logit /= repeatPenalty } else { logit *= repeatPenalty }
      logits[Int(token)] = logit - (Float(count) * frequencyPenalty + presencePenalty)
    }
  }
}
