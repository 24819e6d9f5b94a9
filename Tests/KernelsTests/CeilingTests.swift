import CKernels
import Kernels
import TensorCore
import Testing

@Suite struct CeilingTests {
  @Test(
    "The loops make as many multiply-adds as they say", arguments: KernelLevel.available)
  func counts(level: KernelLevel) throws {
    let ceilings = try #require(Kernels(level)).ceilings
    for rounds in [0, 1, 1024] {
      // Every byte is 1, so that the sums count the multiply-adds.
      #expect(ceilings.multiply_int8(rounds) == UInt64(rounds * ceilings.int8_macs))
      // Every product is 2^-20, and the result adds up the bits of the sums.
      let bits = UInt64((Float(rounds) * 0x1p-20).bitPattern)
      #expect(ceilings.multiply_float(rounds) == UInt64(ceilings.float_macs) * bits)
    }
  }

  @Test("The reading loop reads every cache line", arguments: KernelLevel.available)
  func readsAll(level: KernelLevel) throws {
    let ceilings = try #require(Kernels(level)).ceilings
    for lines in [1, 3, 4, 67] {
      var bytes = [UInt8](repeating: 0, count: lines * 64)
      for index in stride(from: 0, to: bytes.count, by: 13) {
        bytes[index] = 1
        #expect(ceilings.read_memory(bytes, bytes.count) != 0, "byte \(index) of \(lines) lines")
        bytes[index] = 0
      }
      #expect(ceilings.read_memory(bytes, bytes.count) == 0)
    }
  }

  @Test("Quantized weights are multiplied as bytes, float ones as floats, others not at all")
  func arithmetic() {
    #expect(Kernels.active.arithmetic(of: .q4_K) == .int8)
    #expect(Kernels.active.arithmetic(of: .q8_0) == .int8)
    #expect(Kernels.active.arithmetic(of: .f32) == .float)
    #expect(Kernels.active.arithmetic(of: .bf16) == .float)
    #expect(Kernels.active.arithmetic(of: .i32) == nil)
  }
}
