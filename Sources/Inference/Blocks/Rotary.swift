#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

internal import CKernels
internal import Kernels

/// Rotary position embedding: how fast each pair of a head's elements turns, and which elements pair.
///
/// - Source: RoFormer (arXiv 2104.09864); linear scaling as in `general.rope.scaling` of the GGUF
///   specification; factors as llama.cpp applies `rope_freqs.weight`.
struct Rotary: Sendable {
  enum Order: Sendable {
    /// Elements 2i and 2i + 1: arch `llama`, whose rows are permuted for it.
    case neighbours
    /// Elements i and i + dim/2: "NEOX".
    case halves
  }

  let order: Order
  /// Radians that each pair turns from one position to the next.
  let frequencies: [Double]

  init(order: Order, parameters: ModelParameters, rotaryDim: Int, factors: FloatVector?)
    throws(ModelError)
  {
    self.order = order
    let base = Double(try parameters.positive("rope.freq_base", default: 10_000))
    let type = parameters.string("rope.scaling.type") ?? "none"
    var scale = 1.0
    switch type {
    case "none": break
    case "linear": scale = 1 / Double(try parameters.positive("rope.scaling.factor", default: 1))
    default:
      throw .badValue(
        key: "\(parameters.architecture).rope.scaling.type", found: "'\(type)'",
        expected: "'none' or 'linear'")
    }
    // Files from before `rope.scaling` say the same with one number.
    if !parameters.has("rope.scaling.type"), parameters.has("rope.scale_linear") {
      scale = 1 / Double(try parameters.positive("rope.scale_linear"))
    }
    frequencies = (0..<rotaryDim / 2).map { pair in
      let frequency = pow(base, -2 * Double(pair) / Double(rotaryDim)) * scale
      return factors.map { frequency / Double($0.values[pair]) } ?? frequency
    }
  }

  /// Turns without any stretching.
  init(order: Order, base: Float, rotaryDim: Int) {
    self.order = order
    frequencies = (0..<rotaryDim / 2).map { pow(Double(base), -2 * Double($0) / Double(rotaryDim)) }
  }

  /// Fills cosines and then sines of each of `count` positions.
  func fillTurns(_ turns: UnsafeMutablePointer<Float>, position: Int, count: Int) {
    let pairs = frequencies.count
    for token in 0..<count {
      let row = turns + token * 2 * pairs
      for pair in 0..<pairs {
        let angle = Double(position + token) * frequencies[pair]
        row[pair] = Float(cos(angle))
        row[pairs + pair] = Float(sin(angle))
      }
    }
  }
}
