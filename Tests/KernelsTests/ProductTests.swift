import BlockQuant
import CKernels
import Kernels
import TensorCore
import Testing

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
private struct Problem: CustomStringConvertible {
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

  var description: String { "\(type) \(rows) x \(columns) x \(tokens)" }

  private static func weights(
    _ type: TensorType, rows: Int, columns: Int, _ noise: inout Noise
  ) -> [UInt8] {
    let blocks = rows * columns / type.elementsPerBlock
    var bytes = [UInt8](repeating: 0, count: blocks * type.bytesPerBlock)
    guard let codec = BlockCodec(type), codec.canEncode else { return bytes }
    let values = (0..<rows * columns).map { _ in noise.float() }
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
  /// Blocks of 32 rounded to 127 steps of their largest magnitude, ties to even.
  fileprivate var quantizedInBlocks: [Float] {
    var result = self
    for start in stride(from: 0, to: count, by: 32) {
      let scale = self[start..<start + 32].map(abs).max()! / 127
      for index in start..<start + 32 {
        let steps = scale > 0 ? (self[index] * (1 / scale)).rounded(.toNearestOrEven) : 0
        result[index] = steps * scale
      }
    }
    return result
  }
}

@Suite struct ProductTests {
  static let integerTypes: [TensorType] = [
    .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_NL, .iq4_XS,
    .iq3_XXS, .iq3_S, .iq2_XXS, .iq2_XS, .iq2_S, .iq1_S, .iq1_M, .tq1_0, .tq2_0, .mxfp4, .nvfp4,
    .q1_0, .q2_0,
  ]
  static let floatTypes: [TensorType] = [.f32, .f16, .bf16, .f64]
  static let tokenCounts = [1, 2, 3, 6, 17, 64]

  fileprivate static func problems(_ type: TensorType, tokens: Int) -> [Problem] {
    let columns =
      switch type.elementsPerBlock {
      case 1: [1, 7, 67, 513, 1030]
      case 32: [32, 96, 576, 2080]
      case 64: [64, 192, 576, 2112]
      case 128: [128, 384, 2176]
      default: [256, 768, 2304]
      }
    return zip([1, 31, 33, 70, 5], columns).map {
      Problem(type, rows: $0, columns: $1, tokens: tokens)
    }
  }

  @Test(
    "Every level multiplies as double precision does, but for rounding",
    arguments: integerTypes + floatTypes, tokenCounts)
  func matchesReference(type: TensorType, tokens: Int) {
    for problem in Self.problems(type, tokens: tokens) {
      guard let reference = problem.reference() else {
        Issue.record("\(type) has no decoder")
        continue
      }
      for level in KernelLevel.available {
        let product = problem.product(Kernels(level)!)
        for (index, value) in product.enumerated() {
          // Rounding of a sum of n terms, most of them added in lanes.
          let tolerance = reference.magnitudes[index] * 2e-6
          #expect(
            abs(Double(value) - reference.values[index]) <= tolerance,
            "\(level.rawValue), \(problem), element \(index)")
        }
      }
    }
  }

  @Test("Levels agree with the generic one", arguments: integerTypes, tokenCounts)
  func levelsAgree(type: TensorType, tokens: Int) {
    for problem in Self.problems(type, tokens: tokens) {
      let generic = problem.product(Kernels(.generic)!)
      let largest = generic.map(abs).max()!
      for level in KernelLevel.available {
        for (index, value) in problem.product(Kernels(level)!).enumerated() {
          #expect(
            abs(value - generic[index]) <= 2e-5 * (1 + largest),
            "\(level.rawValue), \(problem), element \(index)")
        }
      }
    }
  }

  @Test("How rows are split changes no bit", arguments: integerTypes + floatTypes, [1, 7])
  func splitsAreEqual(type: TensorType, tokens: Int) {
    for problem in Self.problems(type, tokens: tokens) {
      for level in KernelLevel.available {
        let whole = problem.product(Kernels(level)!)
        let split = problem.product(Kernels(level)!, splitAt: [1, 2, 9, 32, 64])
        #expect(whole.map(\.bitPattern) == split.map(\.bitPattern), "\(level.rawValue), \(problem)")
      }
    }
  }

  @Test("Activations that are not numbers reach the output", arguments: [1, 3])
  func notANumber(tokens: Int) {
    for level in KernelLevel.available {
      let kernels = Kernels(level)!
      for bad in [Float.nan, .infinity] {
        var x = [Float](repeating: 0.5, count: 64 * tokens)
        x[40] = bad
        let byteCount = quern_packed_bytes(QUERN_ACTIVATION_INT8, 64, tokens)
        var packed = [UInt8](repeating: 0, count: byteCount + 64)
        var output = [Float](repeating: 0, count: tokens)
        let weights = [UInt8](repeating: 0x11, count: 2 * 34)
        let scratch = UnsafeMutableRawPointer.allocate(
          byteCount: Int(kernels.products.pointee.scratch_bytes), alignment: 64)
        defer { scratch.deallocate() }
        packed.withUnsafeMutableBytes { packed in
          quern_pack(kernels.products, QUERN_ACTIVATION_INT8)!(
            x, 64, 64, tokens, 0, tokens, packed.baseAddress)
          weights.withUnsafeBytes { weights in
            let matrix = WeightMatrix(
              type: .q8_0, rows: 1, columns: 64, bytes: weights.baseAddress!, kernels: kernels)!
            output.withUnsafeMutableBufferPointer { output in
              var job = matrix.job(
                activations: packed.baseAddress!, tokenCount: tokens, bias: nil,
                output: output.baseAddress!, outputStride: 1)
              matrix.product(tokenCount: tokens, kernels: kernels)(&job, 0, 1, scratch)
            }
          }
        }
        #expect(!output[0].isFinite, "\(level.rawValue)")
      }
    }
  }
}
