import CKernels
import Foundation
import Kernels
import Testing

@Suite struct LayerNormTests {
  private func numbers(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { Float(sin(Double($0 * $0 + 1))) * scale + 0.5 }
  }

  @Test(
    "Norms around the mean follow their formula at every length", arguments: [1, 7, 16, 33, 576])
  func norm(count: Int) {
    let x = numbers(count), weight = numbers(count, scale: 2), bias = numbers(count, scale: 3)
    let mean = x.map(Double.init).reduce(0, +) / Double(count)
    let variance = x.map { (Double($0) - mean) * (Double($0) - mean) }.reduce(0, +) / Double(count)
    for level in KernelLevel.available {
      let products = Kernels(level)!.products
      var output = x
      // In place, as heads are normalised.
      output.withUnsafeMutableBufferPointer { row in
        products.pointee.layer_norm(row.baseAddress, weight, bias, 1e-5, count, row.baseAddress)
      }
      for index in 0..<count {
        let expected =
          (Double(x[index]) - mean) / (variance + 1e-5).squareRoot() * Double(weight[index])
          + Double(bias[index])
        #expect(abs(Double(output[index]) - expected) <= 4e-6 * (1 + abs(expected)))
      }
    }
  }

  @Test("GELU is its approximation by a hyperbolic tangent", arguments: [1, 15, 16, 100])
  func gelu(count: Int) {
    var x = numbers(count, scale: 6)
    x[0] = -40
    for level in KernelLevel.available {
      var output = x
      Kernels(level)!.products.pointee.gelu(&output, count)
      for index in 0..<count {
        let value = Double(x[index])
        let inner = (2 / Double.pi).squareRoot() * (value + 0.044715 * value * value * value)
        let expected = 0.5 * value * (1 + tanh(inner))
        #expect(
          abs(Double(output[index]) - expected) <= 1e-6 * max(1, abs(expected)),
          "\(level.rawValue), \(value)")
      }
    }
  }
}
