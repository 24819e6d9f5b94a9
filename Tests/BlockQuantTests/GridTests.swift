import BlockQuant
import Kernels
import TensorCore
import Testing

struct GridTests {
  static let types: [TensorType] = [.iq1_S, .iq1_M, .iq2_XXS, .iq2_XS, .iq2_S, .iq3_XXS, .iq3_S]

  @Test("Grids are made once, whichever of many threads asks first", arguments: types)
  func concurrentFirstUse(_ type: TensorType) async throws {
    let codec = try #require(BlockCodec(type))
    let values = (0..<1024).map { Float($0 % 37) - 18 }
    let importance = [Float](repeating: 1, count: 1024)
    let results = await withTaskGroup(of: [Float].self) { group in
      for _ in 0..<8 {
        group.addTask {
          decode(
            encode(values, rows: 1, importance: importance, codec), count: 1024, codec)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(results).count == 1)
  }

  @Test("What a grid type decodes to, it encodes to values near it", arguments: types)
  func roundTrip(_ type: TensorType) throws {
    let codec = try #require(BlockCodec(type))
    var generator = Generator(state: 17)
    let values = (0..<4096).map { _ in generator.bell() }
    let importance = [Float](repeating: 1, count: 512)
    let blocks = encode(values, rows: 8, importance: importance, codec)
    let error = zip(values, decode(blocks, count: 4096, codec)).map { ($0 - $1) * ($0 - $1) }
    let relative = error.reduce(0, +) / values.map { $0 * $0 }.reduce(0, +)
    #expect(relative < (type.bitsPerElement < 2 ? 0.25 : type.bitsPerElement < 3 ? 0.13 : 0.04))
  }

  @Test(
    "IQ3_S sub-blocks without any element leave no gap, as the reference writes them",
    arguments: KernelLevel.available)
  func emptySubBlocks(level: KernelLevel) throws {
    let codec = try #require(Kernels(level).flatMap { BlockCodec(.iq3_S, kernels: $0) })
    var values = [Float](repeating: 0, count: 256)
    for index in 96..<128 { values[index] = -1 }
    let block = encode(values, rows: 1, importance: nil, codec)
    let signs = Array(block[(2 + 64 + 8)..<(2 + 64 + 8 + 32)])
    #expect(signs == [UInt8](repeating: 0xff, count: 4) + [UInt8](repeating: 0, count: 28))
  }
}
