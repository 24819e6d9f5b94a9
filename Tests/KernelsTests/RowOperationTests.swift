import CKernels
import Foundation
import Kernels
import Testing

@Suite struct RowOperationTests {
  private func numbers(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { Float(sin(Double($0 * $0 + 1))) * scale }
  }

  @Test("Norms follow their formula at every length", arguments: [1, 7, 16, 33, 576])
  func norm(count: Int) {
    let x = numbers(count), weight = numbers(count, scale: 2)
    let mean = x.map { Double($0) * Double($0) }.reduce(0, +) / Double(count)
    for level in KernelLevel.available {
      var output = [Float](repeating: 0, count: count)
      Kernels(level)!.products.pointee.rms_norm(x, weight, 1e-5, count, &output)
      for index in 0..<count {
        let expected = Double(x[index]) / (mean + 1e-5).squareRoot() * Double(weight[index])
        #expect(abs(Double(output[index]) - expected) <= 1e-6 * (1 + abs(expected)))
      }
    }
  }

  @Test("The gate is silu times up, far out as well", arguments: [1, 15, 16, 100])
  func gate(count: Int) {
    var gate = numbers(count, scale: 30)
    gate[0] = -200
    let up = numbers(count)
    for level in KernelLevel.available {
      var output = gate
      Kernels(level)!.products.pointee.silu_multiply(&output, up, count)
      for index in 0..<count {
        let expected = Double(gate[index]) / (1 + exp(-Double(gate[index]))) * Double(up[index])
        #expect(
          abs(Double(output[index]) - expected) <= 1e-6 * max(1, abs(expected)),
          "\(level.rawValue), \(gate[index])")
      }
    }
  }

  @Test(
    "A gate of GELU is its approximation by a hyperbolic tangent times up", arguments: [1, 16, 100])
  func geluGate(count: Int) {
    var gate = numbers(count, scale: 6)
    gate[0] = -200
    let up = numbers(count, scale: 2)
    for level in KernelLevel.available {
      var output = gate
      Kernels(level)!.products.pointee.gelu_multiply(&output, up, count)
      for index in 0..<count {
        let x = Double(gate[index])
        let gelu = x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        let expected = gelu * Double(up[index])
        #expect(
          abs(Double(output[index]) - expected) <= 1e-6 * max(1, abs(expected)),
          "\(level.rawValue), \(x)")
      }
    }
  }

  @Test(
    "A clamped gate is bounded above and up on both sides, and what is no number stays none",
    arguments: [1, 15, 16, 100])
  func clampedGate(count: Int) {
    var gate = numbers(count, scale: 12), up = numbers(count, scale: -11)
    gate[0] = -200
    up[count - 1] = 7
    for level in KernelLevel.available {
      let multiply = Kernels(level)!.products.pointee.clamped_swish_multiply!
      var output = gate
      multiply(&output, up, count)
      for index in 0..<count {
        let x = min(Double(gate[index]), 7)
        let y = min(max(Double(up[index]), -7), 7)
        let expected = x / (1 + exp(-Double(Float(1.702)) * x)) * (y + 1)
        #expect(
          abs(Double(output[index]) - expected) <= 2e-6 * max(1, abs(expected)),
          "\(level.rawValue), \(x), \(y)")
      }
      var (spoiled, other) = (gate, up)
      spoiled[count - 1] = .nan
      multiply(&spoiled, up, count)
      #expect(spoiled[count - 1].isNaN)
      spoiled = gate
      other[0] = .nan
      multiply(&spoiled, other, count)
      #expect(spoiled[0].isNaN, "\(level.rawValue)")
    }
  }

  @Test("Capped values stay within the cap and near zero as they are", arguments: [1, 17, 64])
  func softcap(count: Int) {
    var x = numbers(count, scale: 100)
    x[0] = -3e5
    if count > 2 { (x[1], x[2]) = (1e-3, 0) }
    for level in KernelLevel.available {
      var output = x
      Kernels(level)!.products.pointee.softcap(&output, 30, count)
      for index in 0..<count {
        let expected = 30 * tanh(Double(x[index]) / 30)
        #expect(abs(Double(output[index]) - expected) <= 1e-5, "\(level.rawValue), \(x[index])")
      }
    }
  }

  @Test("A norm may replace the row that it reads", arguments: [5, 64])
  func normInPlace(count: Int) {
    let weight = numbers(count, scale: 2)
    for level in KernelLevel.available {
      let products = Kernels(level)!.products
      var apart = [Float](repeating: 0, count: count)
      products.pointee.rms_norm(numbers(count), weight, 1e-5, count, &apart)
      var row = numbers(count)
      row.withUnsafeMutableBufferPointer {
        products.pointee.rms_norm($0.baseAddress, weight, 1e-5, count, $0.baseAddress)
      }
      #expect(row == apart)
    }
  }

  @Test("The largest magnitude is found wherever it stands", arguments: [0, 1, 7, 16, 33, 1000])
  func largestMagnitude(count: Int) {
    let plain = numbers(count)
    let expected = plain.map(\.magnitude).max() ?? 0
    for level in KernelLevel.available {
      let kernels = Kernels(level)!
      func found(_ values: [Float]) -> Float {
        values.withUnsafeBufferPointer(kernels.largestMagnitude)
      }
      #expect(found(plain) == expected)
      for index in Set([0, count / 2, count - 1]) where index >= 0 && index < count {
        var values = plain
        values[index] = -7
        #expect(found(values) == 7)
        values[index] = -.infinity
        #expect(found(values) == .infinity)
        values[index] = -.nan
        #expect(found(values).isNaN, "\(level.rawValue), \(index) of \(count)")
      }
    }
  }
}
