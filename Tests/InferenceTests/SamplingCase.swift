import Foundation
import Inference
import Testing
import Tokenizers

/// What llama.cpp's samplers leave of made-up logits, stage by stage.
///
/// The cases are those of `Fixtures/sampling`, or of the file that the environment variable
/// `QUERN_SAMPLING_CASES` names.
struct SamplingCase: Decodable, CustomTestStringConvertible {
  struct Stage: Decodable {
    let stage: String
    let count: Int
    let id_sum: UInt64
    let ids: [Int32]
    let probabilities: [Double]
  }

  struct Step: Decodable {
    let seed: UInt64
    let stages: [Stage]
    let chosen: Int32
  }

  struct Parameters: Decodable {
    let values: SamplingParameters
    let text: String
  }

  let vocabulary: Int
  let scale: Float
  let forbidden: [Int]
  let history: [Int32]
  let parameters: Parameters
  let steps: [Step]

  var testDescription: String { "\(vocabulary) tokens, scale \(scale), \(parameters.text)" }

  static let all: [SamplingCase] = {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Fixtures")
    let named = ProcessInfo.processInfo.environment["QUERN_SAMPLING_CASES"]
    let url =
      named.map { URL(fileURLWithPath: $0) }
      ?? fixtures.appendingPathComponent("sampling/golden.json")
    guard let data = try? Data(contentsOf: url) else { return [] }
    return (try? JSONDecoder().decode([SamplingCase].self, from: data)) ?? []
  }()

  /// The vocabulary that `Fixtures/sampling/golden.json` was made with.
  static let tokenizer: Tokenizer? = {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Fixtures/checkpoints/tiny-llama/tokenizer.json")
    return (try? Data(contentsOf: url)).flatMap {
      try? Tokenizer(tokenizerJSON: Array($0), config: nil)
    }
  }()

  /// SplitMix64, cubed to have a peak, in single precision.
  func logits(seed: UInt64) -> [Float] {
    var state = seed
    var logits = (0..<vocabulary).map { _ in
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      let unit = Float(z >> 40) * 0x1p-23 - 1
      return unit * unit * unit * scale
    }
    for token in forbidden { logits[token] = -.infinity }
    return logits
  }
}

extension SamplingCase.Parameters {
  init(from decoder: any Decoder) throws {
    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(_ name: String) { stringValue = name }
      init?(stringValue: String) { self.init(stringValue) }
      init?(intValue: Int) { nil }
    }
    let container = try decoder.container(keyedBy: Key.self)
    func value<Value: Decodable>(_ name: String, else other: Value) throws -> Value {
      try container.decodeIfPresent(Value.self, forKey: Key(name)) ?? other
    }
    var values = SamplingParameters()
    let biases: [[Float?]] = try value("logit-bias", else: [])
    values.logitBias = biases.map {
      LogitBias(token: Int32($0[0] ?? -1), bias: $0[1] ?? -.infinity)
    }
    values.repeatPenalty = try value("repeat-penalty", else: 1)
    values.presencePenalty = try value("presence-penalty", else: 0)
    values.frequencyPenalty = try value("frequency-penalty", else: 0)
    values.repeatWindow = try value("repeat-last-n", else: 64)
    values.dry.multiplier = try value("dry-multiplier", else: 0)
    values.dry.base = try value("dry-base", else: 1.75)
    values.dry.allowedLength = try value("dry-allowed-length", else: 2)
    values.dry.window = try value("dry-penalty-last-n", else: 64)
    values.dry.sequenceBreakers = try value("dry-sequence-breaker", else: [])
    values.topK = try value("top-k", else: 0)
    values.typicalP = try value("typical-p", else: 1)
    values.topP = try value("top-p", else: 1)
    values.minP = try value("min-p", else: 0)
    values.temperature = try value("temperature", else: 1)
    if container.contains(Key("mirostat-ent")) {
      var mirostat = MirostatParameters()
      mirostat.targetSurprise = try value("mirostat-ent", else: 5)
      mirostat.learningRate = try value("mirostat-lr", else: 0.1)
      values.mirostat = mirostat
    }
    self.values = values
    text = container.allKeys.map(\.stringValue).sorted().joined(separator: ", ")
  }
}
