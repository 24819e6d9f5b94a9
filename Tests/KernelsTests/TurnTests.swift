import CKernels
import Foundation
import Kernels
import Testing

@Suite struct TurnTests {
  private func turns(
    _ frequencies: [Double], position: Int, magnitude: Double, level: KernelLevel
  ) -> [Float] {
    var turns = [Float](repeating: .nan, count: 2 * frequencies.count)
    Kernels(level)!.products.pointee.fill_turns(
      frequencies, frequencies.count, Double(position), magnitude, &turns)
    return turns
  }

  @Test(
    "Turns are cosines and sines to the last bit but one, far out as well",
    arguments: [1, 2, 3, 8, 15, 32, 65], [0, 1, 2, 1000, 131_071, 1 << 30 - 1])
  func values(pairs: Int, position: Int) {
    let frequencies = (0..<pairs).map { pow(10_000, -Double($0) / Double(pairs)) }
    for level in KernelLevel.available {
      let found = turns(frequencies, position: position, magnitude: 1.25, level: level)
      for pair in 0..<pairs {
        let angle = Double(position) * frequencies[pair]
        #expect(abs(Double(found[pair]) - 1.25 * cos(angle)) < 1.2e-7, "\(level.rawValue)")
        #expect(abs(Double(found[pairs + pair]) - 1.25 * sin(angle)) < 1.2e-7, "\(level.rawValue)")
      }
    }
  }

  @Test("A pair turns alike wherever it stands")
  func places() {
    let frequencies = (0..<37).map { pow(0.9, Double($0)) }
    for level in KernelLevel.available {
      let all = turns(frequencies, position: 777, magnitude: 1, level: level)
      for (pair, frequency) in frequencies.enumerated() {
        let alone = turns([frequency], position: 777, magnitude: 1, level: level)
        #expect(alone == [all[pair], all[37 + pair]])
      }
    }
  }
}
