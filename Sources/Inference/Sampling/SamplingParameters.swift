/// How the next token is chosen from the logits.
///
/// The stages run in llama.cpp's order, ``SamplingStage``; its defaults are ours.
public struct SamplingParameters: Sendable, Hashable {
  /// Divides the logits before the draw; 0 takes the likeliest token always.
  public var temperature: Float = 0.8
  /// Keep this many of the likeliest tokens; 0 keeps all.
  public var topK = 40
  /// Keep the tokens whose surprise is closest to what the distribution makes one expect, until their
  /// probabilities reach this sum; 1 keeps all.
  public var typicalP: Float = 1
  /// Keep the likeliest tokens whose probabilities reach this sum; 1 keeps all.
  public var topP: Float = 0.95
  /// Keep tokens at least this likely relative to the likeliest; 0 keeps all.
  public var minP: Float = 0.05
  /// Makes recent tokens less likely: positive logits are divided by it, negative ones multiplied.
  public var repeatPenalty: Float = 1
  /// Taken from the logit of a token that is among the recent ones.
  public var presencePenalty: Float = 0
  /// Taken from the logit of a token for each time that it is among the recent ones.
  public var frequencyPenalty: Float = 0
  /// How many recent tokens these three penalties look at.
  public var repeatWindow = 64
  /// Makes tokens less likely that would continue a stretch said before.
  public var dry = DryParameters()
  /// Steers surprise in place of every cut and penalty, if set.
  public var mirostat: MirostatParameters?
  /// Added to logits before anything else.
  public var logitBias: [LogitBias] = []
  /// Texts that end the generation; they are not part of what is generated.
  public var stopStrings: [String] = []
  /// Equal seeds and logits give equal tokens on every machine.
  public var seed: UInt64 = 0

  public init() {}

  /// The likeliest token, always.
  public static var greedy: SamplingParameters {
    var parameters = SamplingParameters()
    parameters.temperature = 0
    return parameters
  }
}

/// "Don't repeat yourself": the longer the stretch that a token would repeat, the higher its penalty,
/// `multiplier * base ^ (length - allowedLength)`.
public struct DryParameters: Sendable, Hashable {
  /// 0 turns the stage off.
  public var multiplier: Float = 0
  public var base: Float = 1.75
  /// Repeated stretches shorter than this cost nothing.
  public var allowedLength = 2
  /// How many recent tokens are searched for repetitions.
  public var window = 64
  /// Texts that no repeated stretch reaches across.
  public var sequenceBreakers = ["\n", ":", "\"", "*"]

  public init() {}
}

/// Mirostat 2: cuts off tokens whose surprise exceeds a bound, and moves the bound so that the
/// surprise of what is chosen approaches a target.
///
/// - Source: Basu et al., "Mirostat: a neural text decoding algorithm that directly controls
///   perplexity", 2021.
public struct MirostatParameters: Sendable, Hashable {
  /// Target surprise, tau, in bits.
  public var targetSurprise: Float
  /// How fast the bound follows, eta.
  public var learningRate: Float

  public init(targetSurprise: Float = 5, learningRate: Float = 0.1) {
    self.targetSurprise = targetSurprise
    self.learningRate = learningRate
  }
}

/// What is added to one token's logit; minus infinity forbids the token.
public struct LogitBias: Sendable, Hashable {
  public var token: Int32
  public var bias: Float

  public init(token: Int32, bias: Float) {
    self.token = token
    self.bias = bias
  }
}

extension SamplingParameters {
  /// - Throws: ``ModelError/badSampling(parameter:found:expected:)`` for a value without meaning; the
  ///   parameter is named as the option of `quern run`.
  public func check() throws(ModelError) {
    func require(
      _ holds: Bool, _ parameter: String, _ found: Any, _ expected: String
    ) throws(ModelError) {
      guard holds else {
        throw .badSampling(parameter: parameter, found: "\(found)", expected: expected)
      }
    }
    func requirePositive(_ value: Float, _ parameter: String) throws(ModelError) {
      try require(value.isFinite && (1 / value).isFinite && value > 0, parameter, value, "above 0")
    }
    try require(
      temperature.isFinite && temperature >= 0, "temperature", temperature, "0 or more")
    try require(topK >= 0, "top-k", topK, "0 or more")
    try require(typicalP > 0 && typicalP <= 1, "typical-p", typicalP, "above 0, up to 1")
    try require(topP > 0 && topP <= 1, "top-p", topP, "above 0, up to 1")
    try require(minP >= 0 && minP <= 1, "min-p", minP, "0 to 1")
    try requirePositive(repeatPenalty, "repeat-penalty")
    try require(presencePenalty.isFinite, "presence-penalty", presencePenalty, "a number")
    try require(frequencyPenalty.isFinite, "frequency-penalty", frequencyPenalty, "a number")
    try require(repeatWindow >= 0, "repeat-last-n", repeatWindow, "0 or more")
    try require(
      dry.multiplier.isFinite && dry.multiplier >= 0, "dry-multiplier", dry.multiplier, "0 or more")
    try require(dry.base.isFinite && dry.base >= 1, "dry-base", dry.base, "1 or more")
    try require(dry.allowedLength >= 0, "dry-allowed-length", dry.allowedLength, "0 or more")
    try require(dry.window >= 0, "dry-penalty-last-n", dry.window, "0 or more")
    try require(
      !dry.sequenceBreakers.contains(""), "dry-sequence-breaker", "empty", "a text")
    if let mirostat {
      try requirePositive(mirostat.targetSurprise, "mirostat-ent")
      try requirePositive(mirostat.learningRate, "mirostat-lr")
    }
    for bias in logitBias {
      try require(bias.token >= 0, "logit-bias", bias.token, "a token id of 0 or more")
      try require(
        bias.bias < .infinity, "logit-bias", bias.bias, "a number, or -inf to forbid a token")
    }
    try require(!stopStrings.contains(""), "stop", "empty", "a text")
  }
}
