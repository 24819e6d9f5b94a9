import Inference
import Testing

/// A way to choose, by name.
struct SamplingWay: Sendable, CustomTestStringConvertible {
  let name: String
  let parameters: SamplingParameters

  var testDescription: String { name }

  init(_ name: String, _ change: (inout SamplingParameters) -> Void) {
    self.name = name
    var parameters = SamplingParameters()
    parameters.temperature = 1
    parameters.topK = 0
    parameters.topP = 1
    parameters.minP = 0
    change(&parameters)
    self.parameters = parameters
  }

  static let all = [
    SamplingWay("no stage") { _ in },
    SamplingWay("llama.cpp's defaults") { $0 = SamplingParameters() },
    SamplingWay("greedy") { $0.temperature = 0 },
    SamplingWay("greedy among typical ones") { ($0.temperature, $0.typicalP) = (0, 0.5) },
    SamplingWay("top-k 1") { $0.topK = 1 },
    SamplingWay("top-k 3") { $0.topK = 3 },
    SamplingWay("typical") { $0.typicalP = 0.5 },
    SamplingWay("top-p") { $0.topP = 0.5 },
    SamplingWay("min-p") { $0.minP = 0.5 },
    SamplingWay("min-p 1") { $0.minP = 1 },
    SamplingWay("cold") { $0.temperature = 1e-30 },
    SamplingWay("hot") { $0.temperature = 1e30 },
    SamplingWay("penalties") {
      ($0.repeatPenalty, $0.presencePenalty, $0.frequencyPenalty) = (1.5, 1, 1)
    },
    SamplingWay("DRY") { $0.dry.multiplier = 3e38 },
    SamplingWay("mirostat") { $0.mirostat = MirostatParameters() },
    SamplingWay("mirostat that wants no surprise") {
      $0.mirostat = MirostatParameters(targetSurprise: 1e-6, learningRate: 10)
    },
    SamplingWay("bias on tokens that there are not") {
      $0.logitBias = [LogitBias(token: 1_000_000, bias: 1), LogitBias(token: .max, bias: -1)]
    },
  ]
}

@Suite struct OddLogitsTests {
  private func sample(
    _ logits: [Float], _ way: SamplingWay, times: Int = 60
  ) throws -> [Int32] {
    var sampler = try Sampler(way.parameters)
    return (0..<times).map { _ in
      var copy = logits
      let token = copy.withUnsafeMutableBufferPointer { sampler.sample($0) }
      sampler.accept(token)
      return token
    }
  }

  @Test("A vocabulary of one token gives it", arguments: SamplingWay.all)
  func oneToken(_ way: SamplingWay) throws {
    for logit in [0, -1e30, 1e30, -Float.infinity, .infinity, .nan] {
      #expect(Set(try sample([logit], way)) == [0])
    }
  }

  @Test(
    "Equal logits give tokens of the vocabulary, and the same again", arguments: SamplingWay.all)
  func equal(_ way: SamplingWay) throws {
    for logit in [0, -0.0, 3, -1e30, 1e30] as [Float] {
      let logits = [Float](repeating: logit, count: 7)
      let tokens = try sample(logits, way)
      #expect(tokens.allSatisfy { (0..<7).contains($0) })
      #expect(try sample(logits, way) == tokens)
    }
  }

  @Test("Impossible tokens and those without a number are never chosen", arguments: SamplingWay.all)
  func impossible(_ way: SamplingWay) throws {
    let never = -Float.infinity
    for odd in [[never, never], [.nan, .nan], [never, .nan], [.nan, never]] {
      let logits = [odd[0], 2, odd[1], 1.5, odd[0], 1, odd[1]]
      #expect(Set(try sample(logits, way)).isSubset(of: [1, 3, 5]))
    }
  }

  @Test("Where nothing is possible a token comes all the same", arguments: SamplingWay.all)
  func nothing(_ way: SamplingWay) throws {
    for odd in [-Float.infinity, .nan] {
      let tokens = try sample([Float](repeating: odd, count: 5), way)
      #expect(tokens.allSatisfy { (0..<5).contains($0) })
    }
  }

  @Test("A logit beyond all numbers is the likeliest", arguments: SamplingWay.all)
  func infinite(_ way: SamplingWay) throws {
    let changesMuch = ["hot", "DRY", "typical"].contains { way.name.contains($0) }
    let tokens = try sample([0, .infinity, 1], way, times: 1)
    #expect(changesMuch || tokens == [1])
  }

  @Test("Zeros of both signs are equal")
  func zeros() throws {
    let way = SamplingWay("top-k 2") { $0.topK = 2 }
    #expect(Set(try sample([-1, -0.0, 0, -0.0, 0], way)) == [1, 2])
  }

  @Test("A bias of minus infinity forbids a token, a large one demands it")
  func bias() throws {
    let forbids = SamplingWay("") { $0.logitBias = [LogitBias(token: 1, bias: -.infinity)] }
    #expect(!(try sample([0, 20, 0], forbids)).contains(1))
    let demands = SamplingWay("") {
      $0.logitBias = [LogitBias(token: 2, bias: 50), LogitBias(token: 2, bias: 50)]
    }
    #expect(Set(try sample([0, 20, 0], demands)) == [2])
  }

  @Test("Mirostat takes no account of cuts and penalties")
  func mirostatAlone() throws {
    var sampler = try Sampler(
      SamplingWay("") {
        $0.mirostat = MirostatParameters(targetSurprise: 30)
        ($0.topK, $0.topP, $0.minP, $0.repeatPenalty) = (1, 0.1, 0.9, 100)
      }.parameters)
    #expect(sampler.stages == [.mirostat])
    var tokens: Set<Int32> = []
    for _ in 0..<200 {
      var logits: [Float] = [1, 1, 1, 1]
      let token = logits.withUnsafeMutableBufferPointer { sampler.sample($0) }
      sampler.accept(token)
      tokens.insert(token)
    }
    #expect(tokens == [0, 1, 2, 3])
  }
}
