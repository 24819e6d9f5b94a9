import Foundation
import Inference
import TestSupport
import Testing

@Suite struct SamplerTests {
  private func sample(
    _ logits: [Float], _ parameters: SamplingParameters, times: Int = 1, after tokens: [Int32] = []
  ) throws -> [Int32] {
    var sampler = try Sampler(parameters)
    for token in tokens { sampler.accept(token) }
    return (0..<times).map { _ in
      var copy = logits
      return copy.withUnsafeMutableBufferPointer { sampler.sample($0) }
    }
  }

  private func parameters(
    temperature: Float = 1, topK: Int = 0, topP: Float = 1, minP: Float = 0, penalty: Float = 1
  ) -> SamplingParameters {
    var parameters = SamplingParameters()
    parameters.temperature = temperature
    parameters.topK = topK
    parameters.topP = topP
    parameters.minP = minP
    parameters.repeatPenalty = penalty
    return parameters
  }

  @Test("Greedy takes the likeliest, the first of equals")
  func greedy() throws {
    #expect(try sample([1, 5, 5, -2], .greedy) == [1])
  }

  @Test("A seed gives the same tokens again, another seed others")
  func seeds() throws {
    let logits = (0..<500).map { Float(sin(Double($0))) }
    var first = parameters()
    first.seed = 7
    var second = first
    second.seed = 8
    let tokens = try sample(logits, first, times: 50)
    #expect(try sample(logits, first, times: 50) == tokens)
    #expect(try sample(logits, second, times: 50) != tokens)
    // Fixed for good: a seed means these tokens on every machine.
    #expect(Array(tokens.prefix(6)) == Self.goldenTokens)
  }

  static let goldenTokens: [Int32] = [327, 335, 50, 193, 457, 35]

  @Test("Draws follow the probabilities")
  func frequencies() throws {
    let probabilities = [0.5, 0.3, 0.15, 0.05]
    let logits = probabilities.map { Float(log($0)) }
    let tokens = try sample(logits, parameters(), times: 20_000)
    for (index, probability) in probabilities.enumerated() {
      let share = Double(tokens.count { $0 == Int32(index) }) / 20_000
      #expect(abs(share - probability) < 0.015)
    }
  }

  @Test("Each cut keeps what it should")
  func cuts() throws {
    let logits = [0.5, 0.3, 0.15, 0.05].map { Float(log($0)) }
    func kept(_ parameters: SamplingParameters) throws -> Set<Int32> {
      Set(try sample(logits, parameters, times: 2000))
    }
    #expect(try kept(parameters()) == [0, 1, 2, 3])
    #expect(try kept(parameters(topK: 2)) == [0, 1])
    #expect(try kept(parameters(topP: 0.79)) == [0, 1])
    #expect(try kept(parameters(topP: 0.81)) == [0, 1, 2])
    #expect(try kept(parameters(topP: 0.01)) == [0])
    #expect(try kept(parameters(minP: 0.29)) == [0, 1, 2])
    #expect(try kept(parameters(minP: 0.31)) == [0, 1])
    // Cuts come before the temperature.
    #expect(try kept(parameters(temperature: 50, topP: 0.79)) == [0, 1])
    #expect(try kept(parameters(temperature: 0.01)) == [0])
  }

  @Test("A short list of the likeliest equals the sorted head")
  func topK() throws {
    let logits = (0..<3000).map { Float(($0 * 7919) % 1013) }
    var few = parameters(temperature: 400, topK: 900)
    few.seed = 3
    let tokens = Set(try sample(logits, few, times: 5000))
    let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    #expect(tokens.isSubset(of: Set(order.prefix(900).map(Int32.init))))
    #expect(tokens.count > 700)
  }

  @Test("The repeat penalty counts each recent token once and forgets old ones")
  func repeatPenalty() throws {
    let penalized = parameters(temperature: 0, penalty: 2)
    #expect(try sample([4, 3, -1], penalized) == [0])
    #expect(try sample([4, 3, -1], penalized, after: [0]) == [1])
    #expect(try sample([4, 1.5, -1], penalized, after: [0, 0, 0]) == [0])
    var short = penalized
    short.repeatWindow = 2
    #expect(try sample([4, 3, -1], short, after: [0, 2, 2]) == [0])
    #expect(try sample([4, 3, -1], short, after: [2, 2, 0]) == [1])
    // Negative logits move down as well.
    #expect(try sample([-1, -1.5, -9], penalized, after: [0]) == [1])
  }

  /// Parameters of which one, named as its option, makes no sense.
  struct Senseless: Sendable {
    let name: String
    let parameters: SamplingParameters

    init(_ name: String, _ change: (inout SamplingParameters) -> Void) {
      self.name = name
      var parameters = SamplingParameters()
      change(&parameters)
      self.parameters = parameters
    }
  }

  @Test(
    "Values without meaning are refused, by name",
    arguments: [
      Senseless("temperature") { $0.temperature = -1 },
      Senseless("temperature") { $0.temperature = .nan },
      Senseless("top-k") { $0.topK = -1 },
      Senseless("typical-p") { $0.typicalP = 0 },
      Senseless("top-p") { $0.topP = 0 },
      Senseless("top-p") { $0.topP = 1.1 },
      Senseless("min-p") { $0.minP = -0.1 },
      Senseless("repeat-penalty") { $0.repeatPenalty = 0 },
      Senseless("repeat-penalty") { $0.repeatPenalty = .leastNonzeroMagnitude },
      Senseless("presence-penalty") { $0.presencePenalty = .nan },
      Senseless("frequency-penalty") { $0.frequencyPenalty = .infinity },
      Senseless("repeat-last-n") { $0.repeatWindow = -1 },
      Senseless("dry-multiplier") { $0.dry.multiplier = -1 },
      Senseless("dry-base") { $0.dry.base = 0.5 },
      Senseless("dry-allowed-length") { $0.dry.allowedLength = -1 },
      Senseless("dry-penalty-last-n") { $0.dry.window = -1 },
      Senseless("dry-sequence-breaker") { $0.dry.sequenceBreakers = [""] },
      Senseless("mirostat-ent") { $0.mirostat = MirostatParameters(targetSurprise: 0) },
      Senseless("mirostat-lr") { $0.mirostat = MirostatParameters(learningRate: .nan) },
      Senseless("logit-bias") { $0.logitBias = [LogitBias(token: -1, bias: 1)] },
      Senseless("logit-bias") { $0.logitBias = [LogitBias(token: 1, bias: .nan)] },
      Senseless("logit-bias") { $0.logitBias = [LogitBias(token: 1, bias: .infinity)] },
      Senseless("stop") { $0.stopStrings = [""] },
    ])
  func refusals(_ senseless: Senseless) {
    #expect {
      try Sampler(senseless.parameters)
    } throws: {
      guard case .badSampling(senseless.name, _, _) = $0 as? ModelError else { return false }
      return true
    }
  }

  @Test("Generation stops where it is told to")
  func stopping() throws {
    let folder = try TemporaryFolder()
    let session = try Session(
      try Model(path: try TinyModel().write(to: folder)), contextLength: 30)
    func run(limit: Int?, stop: Set<Int32> = [], most: Int = .max) throws
      -> (tokens: [Int32], statistics: GenerationStatistics)
    {
      session.truncate(to: 0)
      var sampler = try Sampler(.greedy)
      var tokens: [Int32] = []
      let statistics = try session.generate(
        [1, 2, 3], sampler: &sampler, limit: limit, stopTokens: stop
      ) {
        tokens.append($0)
        return tokens.count < most
      }
      return (tokens, statistics)
    }
    let whole = try run(limit: nil)
    #expect(whole.statistics.stopReason == .contextEnd)
    #expect(whole.tokens.count == 28)
    #expect(whole.statistics.newTokenCount == 28)
    let limited = try run(limit: 5)
    #expect(limited.tokens == Array(whole.tokens.prefix(5)))
    #expect(limited.statistics.stopReason == .tokenLimit)
    let cancelled = try run(limit: nil, most: 2)
    #expect(cancelled.tokens.count == 2)
    #expect(cancelled.statistics.stopReason == .cancelled)
    let stop = whole.tokens[3]
    let stopped = try run(limit: nil, stop: [stop])
    #expect(stopped.tokens == Array(whole.tokens.prefix { $0 != stop }))
    #expect(stopped.statistics.stopReason == .endOfGeneration)
    #expect(try run(limit: 0).tokens.isEmpty)
  }
}
