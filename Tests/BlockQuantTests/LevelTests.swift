import BlockQuant
import Kernels
import TensorCore
import Testing

/// A type at a level that is not the generic one.
struct LevelCase: Sendable, CustomTestStringConvertible {
  let type: TensorType
  let level: KernelLevel
  var testDescription: String { "\(type) \(level)" }

  static let all = KernelLevel.available.flatMap { level in
    TensorType.allCases.filter { BlockCodec($0) != nil }.map { LevelCase(type: $0, level: level) }
  }
}

struct LevelTests {
  /// Values of every size, some rows nasty, none a NaN; some super-blocks are all zero.
  private static func values(_ count: Int, _ generator: inout Generator) -> [Float] {
    (0..<count).map { index in
      switch index / 97 % 5 {
      case _ where index / 256 % 7 == 3: generator.next() & 1 == 0 ? 0 : -0.0
      case 0: generator.bell() * generator.power(60)
      case 1: generator.bell() * generator.power(8)
      case 2: Float(Int32(bitPattern: generator.next()) >> 29)
      default: generator.bell() / 32
      }
    }
  }

  @Test("Every level encodes to the bytes of the generic level", arguments: LevelCase.all)
  func encoding(_ item: LevelCase) throws {
    let generic = try #require(Kernels(.generic).flatMap { BlockCodec(item.type, kernels: $0) })
    let codec = try #require(Kernels(item.level).flatMap { BlockCodec(item.type, kernels: $0) })
    guard codec.canEncode else { return }
    var generator = Generator(state: 7)
    for rows in [0, 1, 2, 7] {
      for blocks in [1, 2, 3, 5, 8, 17, 33] {
        let columns = item.type.elementsPerBlock * blocks
        let values = Self.values(rows * columns, &generator)
        let importance = (0..<columns).map { _ in Float(generator.next() >> 20) }
        for weights in codec.requiresImportance ? [importance] : [nil, importance] {
          #expect(
            encode(values, rows: rows, importance: weights, codec)
              == encode(values, rows: rows, importance: weights, generic),
            "\(rows) x \(columns), \(weights == nil ? "plain" : "weighted")")
        }
      }
    }
  }

  @Test(
    "Every level decodes any bytes to the floats of the generic level", arguments: LevelCase.all)
  func decoding(_ item: LevelCase) throws {
    let generic = try #require(Kernels(.generic).flatMap { BlockCodec(item.type, kernels: $0) })
    let codec = try #require(Kernels(item.level).flatMap { BlockCodec(item.type, kernels: $0) })
    var generator = Generator(state: 11)
    for blocks in [0, 1, 2, 3, 5, 31, 257] {
      let count = item.type.elementsPerBlock * blocks
      let bytes = generator.bytes(codec.byteCount(elementCount: count))
      #expect(
        canonicalBits(decode(bytes, count: count, codec))
          == canonicalBits(decode(bytes, count: count, generic)), "\(blocks) blocks")
    }
  }

  @Test("Blocks that start at an odd byte decode alike", arguments: LevelCase.all)
  func unaligned(_ item: LevelCase) throws {
    let codec = try #require(Kernels(item.level).flatMap { BlockCodec(item.type, kernels: $0) })
    let count = item.type.elementsPerBlock * 9
    var generator = Generator(state: 13)
    let bytes = generator.bytes(codec.byteCount(elementCount: count))
    var shifted = [Float](repeating: 0, count: count)
    ([0] + bytes).withUnsafeBytes { buffer in
      shifted.withUnsafeMutableBufferPointer {
        codec.decode(UnsafeRawBufferPointer(rebasing: buffer.dropFirst()), into: $0)
      }
    }
    #expect(canonicalBits(shifted) == canonicalBits(decode(bytes, count: count, codec)))
  }

  @Test(
    "Infinities and NaN anywhere never trap, and are encoded as the generic level does",
    arguments: LevelCase.all)
  func nonFinite(_ item: LevelCase) throws {
    let generic = try #require(Kernels(.generic).flatMap { BlockCodec(item.type, kernels: $0) })
    let codec = try #require(Kernels(item.level).flatMap { BlockCodec(item.type, kernels: $0) })
    guard codec.canEncode else { return }
    func expectAlike(_ values: [Float], importance: [Float]?) {
      #expect(
        encode(values, rows: 1, importance: importance, codec)
          == encode(values, rows: 1, importance: importance, generic))
    }
    let columns = item.type.elementsPerBlock * 4
    for bad in [Float.nan, .infinity, -.infinity, .signalingNaN] {
      for position in [0, columns / 2, columns - 1] {
        var values = [Float](repeating: 0.5, count: columns)
        values[position] = bad
        if !codec.requiresImportance { expectAlike(values, importance: nil) }
        expectAlike(values, importance: values.map { _ in 0.5 })
        _ = encode(values, rows: 1, importance: values, codec)
      }
      let all = [Float](repeating: bad, count: columns)
      if !codec.requiresImportance { expectAlike(all, importance: nil) }
      expectAlike(all, importance: all.map { _ in 0.5 })
      _ = encode(all, rows: 1, importance: all, codec)
    }
  }
}
