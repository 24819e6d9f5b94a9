/// How the next token is chosen from the logits.
///
/// The stages run in llama.cpp's order: repeat penalty, top-k, top-p, min-p, temperature, then the draw.
public struct SamplingParameters: Sendable, Hashable {
  /// Divides the logits before the draw; 0 takes the likeliest token always.
  public var temperature: Float = 0.8
  /// Keep this many of the likeliest tokens; 0 keeps all.
  public var topK = 40
  /// Keep the likeliest tokens whose probabilities reach this sum; 1 keeps all.
  public var topP: Float = 0.95
  /// Keep tokens at least this likely relative to the likeliest; 0 keeps all.
  public var minP: Float = 0.05
  /// Makes recent tokens less likely: positive logits are divided by it, negative ones multiplied.
  public var repeatPenalty: Float = 1
  /// How many recent tokens the penalty looks at.
  public var repeatWindow = 64
  /// Equal seeds and logits give equal tokens on every machine.
  public var seed: UInt64 = 0

  public init() {}

  /// The likeliest token, always.
  public static var greedy: SamplingParameters {
    var parameters = SamplingParameters()
    parameters.temperature = 0
    return parameters
  }

  /// - Throws: ``ModelError/badSampling(parameter:found:expected:)`` for a value without meaning.
  func check() throws(ModelError) {
    func require(
      _ holds: Bool, _ parameter: String, _ found: Any, _ expected: String
    ) throws(ModelError) {
      guard holds else {
        throw .badSampling(parameter: parameter, found: "\(found)", expected: expected)
      }
    }
    try require(
      temperature.isFinite && temperature >= 0, "temperature", temperature, "0 or more")
    try require(topK >= 0, "top-k", topK, "0 or more")
    try require(topP > 0 && topP <= 1, "top-p", topP, "above 0, up to 1")
    try require(minP >= 0 && minP <= 1, "min-p", minP, "0 to 1")
    try require(
      repeatPenalty.isFinite && repeatPenalty > 0, "repeat penalty", repeatPenalty, "above 0")
    try require(repeatWindow >= 0, "repeat window", repeatWindow, "0 or more")
  }
}
