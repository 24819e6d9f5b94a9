import ArgumentParser
import Inference

/// How the next token is chosen. The stages run in the order of the options, as in llama.cpp.
struct SamplingFlags: ParsableArguments {
  @Option(
    name: [.customShort("l"), .long],
    help: ArgumentHelp(
      "Add to a token's logit, as 15043+1 or 15043-inf; repeatable.",
      valueName: "token-id(+/-)bias"))
  var logitBias: [LogitBias] = []

  @Option(
    help: "Above 1, recent tokens become less likely: logits are divided by it, or multiplied.")
  var repeatPenalty: Float = 1

  @Option(parsing: .unconditional, help: "Taken from the logits of recent tokens.")
  var presencePenalty: Float = 0

  @Option(
    parsing: .unconditional, help: "Taken from the logits of recent tokens for each time they came."
  )
  var frequencyPenalty: Float = 0

  @Option(
    name: [.customLong("repeat-last-n"), .customLong("repeat-window")],
    help: ArgumentHelp("How many tokens are recent.", valueName: "tokens"))
  var repeatWindow = 64

  @OptionGroup var dry: DryFlags

  @Option(help: "Keep this many of the likeliest tokens; 0 keeps all.")
  var topK = 40

  @Option(
    name: [.customLong("typical-p"), .customLong("typical")],
    help: "Keep the tokens of the most expected surprise whose probabilities reach this sum.")
  var typicalP: Float = 1

  @Option(help: "Keep the likeliest tokens whose probabilities reach this sum.")
  var topP: Float = 0.95

  @Option(help: "Keep tokens at least this likely, relative to the likeliest.")
  var minP: Float = 0.05

  @Option(
    name: [.long, .customLong("temp")],
    help: "Below 1 likely tokens become likelier; 0 takes the likeliest always.")
  var temperature: Float = 0.8

  @OptionGroup var mirostat: MirostatFlags

  @Option(
    name: [.customShort("s"), .long],
    help: "Equal seeds give equal texts. (default: a new one each time)")
  var seed: UInt64?

  @Option(
    name: [.long, .customLong("reverse-prompt")], parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      #"End before this text; \n and \t are read as a line end and a tab; repeatable."#,
      valueName: "text"))
  var stop: [String] = []

  func validate() throws {
    do {
      try parameters.check()
    } catch .badSampling(let parameter, let found, let expected) {
      throw ValidationError("--\(parameter) takes \(expected), found \(found)")
    }
  }

  var parameters: SamplingParameters {
    var parameters = SamplingParameters()
    parameters.logitBias = logitBias
    parameters.repeatPenalty = repeatPenalty
    parameters.presencePenalty = presencePenalty
    parameters.frequencyPenalty = frequencyPenalty
    parameters.repeatWindow = repeatWindow
    parameters.dry = dry.parameters
    parameters.topK = topK
    parameters.typicalP = typicalP
    parameters.topP = topP
    parameters.minP = minP
    parameters.temperature = temperature
    parameters.mirostat = mirostat.parameters
    parameters.seed = seed ?? .random(in: .min ... .max)
    parameters.stopStrings = stop.map(\.unescaped)
    return parameters
  }
}

/// The penalty on stretches said before.
struct DryFlags: ParsableArguments {
  @Option(
    help: "DRY penalty of tokens that continue a stretch said before, MULTIPLIER * BASE ^ EXCESS.")
  var dryMultiplier: Float = 0

  @Option(help: "How fast the DRY penalty grows with the length of the stretch.")
  var dryBase: Float = 1.75

  @Option(help: ArgumentHelp("Stretches that long cost the multiplier alone.", valueName: "tokens"))
  var dryAllowedLength = 2

  @Option(help: ArgumentHelp("How far DRY looks back.", valueName: "tokens"))
  var dryPenaltyLastN = 64

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      #"A text that DRY does not look across; repeatable; none for none. (default: \n : " *)"#,
      valueName: "text"))
  var drySequenceBreaker: [String] = []

  var parameters: DryParameters {
    var parameters = DryParameters()
    parameters.multiplier = dryMultiplier
    parameters.base = dryBase
    parameters.allowedLength = dryAllowedLength
    parameters.window = dryPenaltyLastN
    // As in llama.cpp, "none" takes back what was given before it.
    if !drySequenceBreaker.isEmpty {
      let given = drySequenceBreaker.split(separator: "none", omittingEmptySubsequences: false)
      parameters.sequenceBreakers = given[given.count - 1].map(\.unescaped)
    }
    return parameters
  }
}

/// Steering of surprise.
struct MirostatFlags: ParsableArguments {
  @Option(
    help: "2 steers surprise by Mirostat 2, in place of all cuts and penalties; 0 does not.")
  var mirostat = 0

  @Option(
    name: [.customLong("mirostat-ent"), .customLong("mirostat-tau")],
    help: "The surprise that Mirostat aims at, tau, in bits.")
  var mirostatSurprise: Float = 5

  @Option(
    name: [.customLong("mirostat-lr"), .customLong("mirostat-eta")],
    help: "How fast Mirostat follows, eta.")
  var mirostatRate: Float = 0.1

  func validate() throws {
    guard mirostat == 0 || mirostat == 2 else {
      throw ValidationError("--mirostat takes 0 or 2, found \(mirostat)")
    }
  }

  var parameters: MirostatParameters? {
    guard mirostat == 2 else { return nil }
    return MirostatParameters(targetSurprise: mirostatSurprise, learningRate: mirostatRate)
  }
}

extension LogitBias: ExpressibleByArgument {
  public init?(argument: String) {
    guard let sign = argument.firstIndex(where: { $0 == "+" || $0 == "-" }),
      let token = Int32(argument[..<sign]),
      let size = Float(argument[argument.index(after: sign)...]),
      !size.isNaN
    else { return nil }
    self.init(token: token, bias: argument[sign] == "-" ? -size : size)
  }
}

extension String {
  /// With `\n`, `\r`, `\t` and `\\` read as what they stand for; shells make such characters hard to
  /// type.
  fileprivate var unescaped: String {
    var result = ""
    var rest = self[...]
    while let character = rest.popFirst() {
      guard character == "\\", let next = rest.first else {
        result.append(character)
        continue
      }
      let known: [Character: Character] = ["n": "\n", "r": "\r", "t": "\t", "\\": "\\"]
      guard let meant = known[next] else {
        result.append(character)
        continue
      }
      result.append(meant)
      rest.removeFirst()
    }
    return result
  }
}
