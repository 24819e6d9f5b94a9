import BlockQuant
import CKernels
import Kernels
import TensorCore

/// Numbers that are the same in every run.
private struct Noise: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
  mutating func float() -> Float { Float.random(in: -1...1, using: &self) }
}

/// A matrix of one type with random weights, and rows that it multiplies.
struct ProductProblem: CustomStringConvertible {
  let type: TensorType
  let rows: Int
  let columns: Int
  let tokens: Int
  let bytes: [UInt8]
  let activations: [Float]
  let bias: [Float]

  init(_ type: TensorType, rows: Int, columns: Int, tokens: Int) {
    self.type = type
    self.rows = rows
    self.columns = columns
    self.tokens = tokens
    var noise = Noise(state: UInt64(type.rawValue) &* 977 &+ UInt64(rows * columns + tokens))
    bytes = Self.weights(type, rows: rows, columns: columns, &noise)
    activations = (0..<tokens * columns).map { _ in noise.float() }
    bias = (0..<rows).map { _ in noise.float() }
  }

  /// Weights that are 0 or the sign of their row, so that codes are the largest there are, and
  /// activations that all are `activation`.
  init(largest type: TensorType, rows: Int, columns: Int, activation: Float) {
    self.type = type
    self.rows = rows
    self.columns = columns
    tokens = 1
    let values = (0..<rows * columns).map { index -> Float in
      index % 32 == 0 ? 0 : index / columns % 2 == 0 ? 1 : -1
    }
    bytes = Self.encoded(values, type, rows: rows, columns: columns)
    activations = [Float](repeating: activation, count: columns)
    bias = [Float](repeating: 0, count: rows)
  }

  var description: String { "\(type) \(rows) x \(columns) x \(tokens)" }

  private static func weights(
    _ type: TensorType, rows: Int, columns: Int, _ noise: inout Noise
  ) -> [UInt8] {
    let values = (0..<rows * columns).map { _ in noise.float() }
    return encoded(values, type, rows: rows, columns: columns)
  }

  private static func encoded(
    _ values: [Float], _ type: TensorType, rows: Int, columns: Int
  ) -> [UInt8] {
    let blocks = rows * columns / type.elementsPerBlock
    var bytes = [UInt8](repeating: 0, count: blocks * type.bytesPerBlock)
    guard let codec = BlockCodec(type), codec.canEncode else { return bytes }
    let importance = [Float](repeating: 1, count: columns)  // some types demand one
    values.withUnsafeBufferPointer { values in
      importance.withUnsafeBufferPointer { importance in
        bytes.withUnsafeMutableBytes {
          codec.encode(values, rows: rows, columns: columns, importance: importance, into: $0)
        }
      }
    }
    return bytes
  }

  func matrix(_ kernels: Kernels, _ bytes: UnsafeRawBufferPointer) -> WeightMatrix? {
    WeightMatrix(
      type: type, rows: rows, columns: columns, bytes: bytes.baseAddress!, kernels: kernels)
  }

  /// The product at one level, its rows computed in the given ranges.
  func product(_ kernels: Kernels, splitAt splits: [Int] = []) -> [Float] {
    var output = [Float](repeating: .nan, count: rows * tokens)
    bytes.withUnsafeBytes { bytes in
      let matrix = matrix(kernels, bytes)!
      let byteCount = quern_packed_bytes(matrix.activation, columns, tokens)
      let packed = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: Int(kernels.products.pointee.scratch_bytes), alignment: 64)
      defer {
        packed.deallocate()
        scratch.deallocate()
      }
      quern_pack(kernels.products, matrix.activation)!(
        activations, columns, columns, tokens, 0, tokens, packed)
      bias.withUnsafeBufferPointer { bias in
        output.withUnsafeMutableBufferPointer { output in
          var job = matrix.job(
            activations: packed, tokenCount: tokens, bias: bias.baseAddress,
            output: output.baseAddress!, outputStride: rows)
          let function = matrix.product(tokenCount: tokens, kernels: kernels)
          var first = 0
          for end in splits + [rows] where end > first && end <= rows {
            function(&job, first, end, scratch)
            first = end
          }
        }
      }
    }
    return output
  }

  /// The product in double precision of the decoded weights with activations as they are packed, and
  /// the sum of the magnitudes of its terms.
  func reference() -> (values: [Double], magnitudes: [Double])? {
    guard let codec = BlockCodec(type) else { return nil }
    var weights = [Float](repeating: 0, count: rows * columns)
    bytes.withUnsafeBytes { bytes in
      weights.withUnsafeMutableBufferPointer { codec.decode(bytes, into: $0) }
    }
    let isFloat = bytes.withUnsafeBytes {
      matrix(.active, $0)!.activation == QUERN_ACTIVATION_FLOAT
    }
    let seen = isFloat ? activations : activations.quantizedInBlocks
    var values = [Double](repeating: 0, count: rows * tokens)
    var magnitudes = values
    for token in 0..<tokens {
      for row in 0..<rows {
        var sum = Double(bias[row])
        var magnitude = abs(sum)
        for column in 0..<columns {
          let term =
            Double(weights[row * columns + column]) * Double(seen[token * columns + column])
          sum += term
          magnitude += abs(term)
        }
        values[token * rows + row] = sum
        magnitudes[token * rows + row] = magnitude
      }
    }
    return (values, magnitudes)
  }
}

extension [Float] {
  /// Blocks of 32 rounded to 127, 126 or 125 steps of their largest magnitude, ties to even: whichever
  /// misses least.
  fileprivate var quantizedInBlocks: [Float] {
    stride(from: 0, to: count, by: 32).flatMap { start in
      let block = self[start..<start + 32]
      let largest = block.map(abs).max()!
      guard largest > 0 else { return block.map { $0 * 0 } }
      let choices = [Float(127), 126, 125].map { steps in
        Self.rounded(block, scale: largest / steps)
      }
      // The first of equal ones.
      return choices.min { $0.error < $1.error }!.values
    }
  }

  /// A block in whole steps, and the squares of its errors as kernels count them: distances to whole steps
  /// in units of 2^-12, times the step.
  private static func rounded(_ block: ArraySlice<Float>, scale: Float) -> (
    values: [Float], error: Double
  ) {
    let steps = block.map { $0 * (1 / scale) }
    let units = steps.map { step in
      let fixed = Double((Double(step) * 4096).rounded(.toNearestOrEven))
      return fixed - (fixed / 4096).rounded(.toNearestOrEven) * 4096
    }
    let largest = Double((block.map(abs).max()! / scale).rounded())
    let error = units.reduce(0) { $0 + $1 * $1 } / (largest * largest)
    return (steps.map { $0.rounded(.toNearestOrEven) * scale }, error)
  }
}
