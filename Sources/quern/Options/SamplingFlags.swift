import ArgumentParser
import Inference

/// How the next token is chosen.
struct SamplingFlags: ParsableArguments {
  @Option(help: "0 takes the likeliest token always.")
  var temperature: Float = 0.8

  @Option(help: "Keep this many of the likeliest tokens; 0 keeps all.")
  var topK = 40

  @Option(help: "Keep the likeliest tokens whose probabilities reach this sum.")
  var topP: Float = 0.95

  @Option(help: "Keep tokens at least this likely, relative to the likeliest.")
  var minP: Float = 0.05

  @Option(help: "Above 1, tokens of the last stretch become less likely.")
  var repeatPenalty: Float = 1

  @Option(help: "Tokens that the repeat penalty looks back on.")
  var repeatWindow = 64

  @Option(help: "Equal seeds give equal texts. (default: a new one each time)")
  var seed: UInt64?

  func validate() throws {
    func require(_ holds: Bool, _ option: String, _ expected: String) throws {
      if !holds { throw ValidationError("\(option) takes \(expected)") }
    }
    try require(temperature >= 0 && temperature.isFinite, "--temperature", "0 or more")
    try require(topK >= 0, "--top-k", "0 or more")
    try require(topP > 0 && topP <= 1, "--top-p", "a number above 0, up to 1")
    try require(minP >= 0 && minP <= 1, "--min-p", "a number from 0 to 1")
    try require(repeatPenalty > 0 && repeatPenalty.isFinite, "--repeat-penalty", "a number above 0")
    try require(repeatWindow >= 0, "--repeat-window", "0 or more")
  }

  var parameters: SamplingParameters {
    var parameters = SamplingParameters()
    parameters.temperature = temperature
    parameters.topK = topK
    parameters.topP = topP
    parameters.minP = minP
    parameters.repeatPenalty = repeatPenalty
    parameters.repeatWindow = repeatWindow
    parameters.seed = seed ?? .random(in: .min ... .max)
    return parameters
  }
}
