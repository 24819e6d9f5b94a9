import CKernels
import Kernels
import TensorCore
import Testing

@Suite struct ProductTests {
  static let integerTypes: [TensorType] = [
    .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_NL, .iq4_XS,
    .iq3_XXS, .iq3_S, .iq2_XXS, .iq2_XS, .iq2_S, .iq1_S, .iq1_M, .tq1_0, .tq2_0, .mxfp4, .nvfp4,
    .q1_0, .q2_0,
  ]
  static let floatTypes: [TensorType] = [.f32, .f16, .bf16, .f64]
  static let tokenCounts = [1, 2, 3, 6, 17, 64]

  static func problems(_ type: TensorType, tokens: Int) -> [ProductProblem] {
    let columns =
      switch type.elementsPerBlock {
      case 1: [1, 7, 67, 513, 1030]
      case 32: [32, 96, 576, 2080]
      case 64: [64, 192, 576, 2112]
      case 128: [128, 384, 2176]
      default: [256, 768, 2304]
      }
    return zip([1, 31, 33, 70, 5], columns).map {
      ProductProblem(type, rows: $0, columns: $1, tokens: tokens)
    }
  }

  @Test(
    "Every level multiplies as double precision does, but for rounding",
    arguments: integerTypes + floatTypes, tokenCounts)
  func matchesReference(type: TensorType, tokens: Int) {
    for problem in Self.problems(type, tokens: tokens) { expectReference(of: problem) }
  }

  @Test(
    "The largest weights and activations stay exact", arguments: integerTypes, [Float(1), -1])
  func largestSums(type: TensorType, activation: Float) {
    expectReference(
      of: ProductProblem(
        largest: type, rows: 6, columns: type.elementsPerBlock == 32 ? 576 : 768,
        activation: activation))
  }

  @Test("Rows that are longer than a worker's scratch", arguments: integerTypes)
  func longRows(type: TensorType) {
    expectReference(of: ProductProblem(type, rows: 3, columns: 129 * 256, tokens: 1))
  }

  /// Every level's product is the reference's, but for rounding of a sum of n terms, most of them added in
  /// lanes.
  private func expectReference(of problem: ProductProblem) {
    guard let reference = problem.reference() else {
      Issue.record("\(problem.type) has no decoder")
      return
    }
    for level in KernelLevel.available {
      for (index, value) in problem.product(Kernels(level)!).enumerated() {
        #expect(
          abs(Double(value) - reference.values[index]) <= reference.magnitudes[index] * 2e-6,
          "\(level.rawValue), \(problem), element \(index)")
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
