/// What happens to the logits before the draw, in the order in which it does.
///
/// With mirostat, only the bias and the temperature come before it.
///
/// - Source: the default chain of llama.cpp `common/sampling.cpp`, of llama-cpp-python 0.3.36, whose
///   names these are; its stages that are off by default and that we lack are left out.
package enum SamplingStage: String, CaseIterable, Sendable {
  // These change logits of single tokens.
  case logitBias = "logit-bias"
  case penalties
  case dry
  // These look at all candidates.
  case topK = "top-k"
  case typical
  case topP = "top-p"
  case minP = "min-p"
  case temperature = "temp"
  case mirostat = "mirostat-v2"

  /// Whether the stage works on the logits of the whole vocabulary, before there are candidates.
  package var changesLogits: Bool {
    switch self {
    case .logitBias, .penalties, .dry: true
    case .topK, .typical, .topP, .minP, .temperature, .mirostat: false
    }
  }

  /// Whether the parameters ask for the stage.
  package func isActive(in parameters: SamplingParameters) -> Bool {
    let steersSurprise = parameters.mirostat != nil
    return switch self {
    case .logitBias: !parameters.logitBias.isEmpty
    case .temperature: parameters.temperature != 1
    case .mirostat: steersSurprise
    case _ where steersSurprise: false
    case .penalties: parameters.repeatWindow > 0 && parameters.penalizes
    case .dry: parameters.dry.window > 0 && parameters.dry.multiplier > 0
    case .topK: parameters.topK > 0
    case .typical: parameters.typicalP < 1
    case .topP: parameters.topP < 1
    case .minP: parameters.minP > 0
    }
  }
}

extension SamplingParameters {
  fileprivate var penalizes: Bool {
    repeatPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0
  }
}
