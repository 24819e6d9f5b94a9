import BlockQuant
import CKernels
import TensorCore
import Testing

struct BlockLayoutTests {
  private static let structSizes: [TensorType: Int] = [
    .q4_0: MemoryLayout<quern_block_q4_0>.size, .q4_1: MemoryLayout<quern_block_q4_1>.size,
    .q5_0: MemoryLayout<quern_block_q5_0>.size, .q5_1: MemoryLayout<quern_block_q5_1>.size,
    .q8_0: MemoryLayout<quern_block_q8_0>.size, .q8_1: MemoryLayout<quern_block_q8_1>.size,
    .q2_K: MemoryLayout<quern_block_q2_K>.size, .q3_K: MemoryLayout<quern_block_q3_K>.size,
    .q4_K: MemoryLayout<quern_block_q4_K>.size, .q5_K: MemoryLayout<quern_block_q5_K>.size,
    .q6_K: MemoryLayout<quern_block_q6_K>.size, .q8_K: MemoryLayout<quern_block_q8_K>.size,
    .iq1_S: MemoryLayout<quern_block_iq1_S>.size, .iq1_M: MemoryLayout<quern_block_iq1_M>.size,
    .iq2_XXS: MemoryLayout<quern_block_iq2_XXS>.size,
    .iq2_XS: MemoryLayout<quern_block_iq2_XS>.size, .iq2_S: MemoryLayout<quern_block_iq2_S>.size,
    .iq3_XXS: MemoryLayout<quern_block_iq3_XXS>.size, .iq3_S: MemoryLayout<quern_block_iq3_S>.size,
    .iq4_NL: MemoryLayout<quern_block_iq4_NL>.size, .iq4_XS: MemoryLayout<quern_block_iq4_XS>.size,
    .tq1_0: MemoryLayout<quern_block_tq1_0>.size, .tq2_0: MemoryLayout<quern_block_tq2_0>.size,
    .mxfp4: MemoryLayout<quern_block_mxfp4>.size, .nvfp4: MemoryLayout<quern_block_nvfp4>.size,
    .q1_0: MemoryLayout<quern_block_q1_0>.size, .q2_0: MemoryLayout<quern_block_q2_0>.size,
  ]

  @Test(
    "Table, C struct and layout agree on the bytes of a block",
    arguments: TensorType.allCases.filter(\.isQuantized))
  func sizes(_ type: TensorType) throws {
    #expect(Self.structSizes[type] == type.bytesPerBlock)
    #expect(try #require(type.blockLayout).byteCount == type.bytesPerBlock)
  }

  @Test(
    "Every block type that files hold can be decoded and encoded",
    arguments: TensorType.allCases.filter(\.isQuantized))
  func codecs(_ type: TensorType) {
    // These two hold activations, in memory only.
    let expected = type != .q8_1 && type != .q8_K
    #expect(BlockCodec(type)?.canEncode == (expected ? true : nil))
  }

  @Test("The types that the reference refuses to encode without importance say so")
  func importance() {
    let demanding = TensorType.allCases.filter { BlockCodec($0)?.requiresImportance == true }
    #expect(demanding == [.iq1_S, .iq2_XXS, .iq2_XS])
  }

  @Test("A type without blocks has neither layout nor, unless it is a float, a codec")
  func others() {
    #expect(TensorType.u8.blockLayout == nil)
    #expect(BlockCodec(.u8) == nil)
    #expect(BlockCodec(.i32) == nil)
    #expect(BlockCodec(.f8E4M3) == nil)
  }
}
