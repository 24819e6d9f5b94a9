#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

import TensorCore
import Tokenizers

extension RotaryScaling {
  /// Each frequency has two divisors: one within the original context, one for longer ones.
  struct LongRope: Sendable, Hashable {
    var short: [Float]
    var long: [Float]
    var originalContextLength: Int
    /// By what queries and keys grow, where the source says it.
    var attentionFactor: Double?

    /// The names of the divisors in a GGUF, in the order of llama.cpp's converter.
    var tensors: [(name: String, divisors: [Float])] {
      [("rope_factors_long.weight", long), ("rope_factors_short.weight", short)]
    }
    static let tensorNames: Set = ["rope_factors_long.weight", "rope_factors_short.weight"]

    /// By what queries and keys grow.
    ///
    /// - Source: LongRoPE, arXiv 2402.13753; `generate_extra_tensors` in llama.cpp's conversion/phi.py.
    func attentionFactor(contextLength: Int) -> Double {
      if let attentionFactor { return attentionFactor }
      let scale = Double(contextLength) / Double(originalContextLength)
      guard scale > 1, originalContextLength > 1 else { return 1 }
      return (1 + log(scale) / log(Double(originalContextLength))).squareRoot()
    }
  }
}

extension RotaryScaling.LongRope {
  /// What the rotary parameters of `config.json` say.
  init(
    _ config: JSONFile, _ parameters: JSONValue, rotaryDim: Int, originalContextLength: Int
  ) throws {
    func divisors(_ key: String) throws -> [Float] {
      let values = parameters[key]?.array?.compactMap(\.double).map { Float($0) } ?? []
      guard values.count == rotaryDim / 2, values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw config.bad(key, "\(rotaryDim / 2) numbers above 0", parameters[key])
      }
      return values
    }
    self.init(
      short: try divisors("short_factor"), long: try divisors("long_factor"),
      originalContextLength: originalContextLength,
      attentionFactor: try config.number("attention_factor", of: parameters))
  }

  /// The scaling that two tensors of a GGUF make; `nil` where it lacks one.
  init?(
    _ keys: MetadataReader, _ tensor: (String) -> CheckpointTensor?, rotaryDim: Int,
    contextLength: Int
  ) throws {
    func divisors(_ tensor: CheckpointTensor) throws -> [Float] {
      guard tensor.type == .f32, tensor.shape.dimensions == [rotaryDim / 2] else {
        throw CheckpointError(
          .wrongShape(
            tensor: tensor.name, expected: try Shape([rotaryDim / 2]), found: tensor.shape),
          path: keys.path)
      }
      return tensor.vector
    }
    guard let long = tensor("rope_factors_long.weight"),
      let short = tensor("rope_factors_short.weight")
    else { return nil }
    self.init(
      short: try divisors(short), long: try divisors(long),
      originalContextLength: try keys.integer(
        "rope.scaling.original_context_length", in: 1...Int(UInt32.max)) ?? contextLength)
    let usual = attentionFactor(contextLength: contextLength)
    if let stated = try keys.number("rope.scaling.attn_factor"), abs(stated - usual) > 1e-6 * usual
    {
      attentionFactor = stated
    }
  }
}
