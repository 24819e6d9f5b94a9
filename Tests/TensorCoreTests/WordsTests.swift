import TensorCore
import Testing

/// Blocks as a machine of the other byte order has them.
@Suite struct WordsTests {
  @Test("Words lie inside their block and do not overlap", arguments: TensorType.allCases)
  func places(type: TensorType) {
    var places: Set<Int> = []
    for words in type.words {
      #expect([2, 4, 8].contains(words.byteCount))
      for place in words.offset..<words.offset + words.byteCount * words.count {
        #expect(place < type.bytesPerBlock)
        #expect(places.insert(place).inserted)
      }
    }
    if type.elementsPerBlock == 1, type.bytesPerBlock > 1 {
      #expect(places.count == type.bytesPerBlock)
    }
  }

  @Test("Turning twice gives the same bytes", arguments: TensorType.allCases)
  func twice(type: TensorType) {
    let bytes = (0..<3 * type.bytesPerBlock).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    var turned = bytes
    turned.withUnsafeMutableBytes(type.swapWords)
    #expect((turned == bytes) == type.words.isEmpty)
    turned.withUnsafeMutableBytes(type.swapWords)
    #expect(turned == bytes)
  }

  @Test("Only the words of a block are turned")
  func block() {
    var bytes = (0..<22).map { UInt8($0) }
    bytes.withUnsafeMutableBytes(TensorType.q5_0.swapWords)
    #expect(bytes == [1, 0, 5, 4, 3, 2] + (6..<22).map { UInt8($0) })
  }
}
