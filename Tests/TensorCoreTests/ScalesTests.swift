import TensorCore
import Testing

/// Scales that are infinite or no number.
@Suite struct ScalesTests {
  static let types = TensorType.allCases.filter { !$0.scales.isEmpty }

  @Test("Every type with blocks has scales, inside its block", arguments: TensorType.allCases)
  func places(type: TensorType) {
    #expect(!type.isQuantized || !type.scales.isEmpty)
    for (form, offset) in type.scales {
      let byteCount =
        switch form {
        case .half: 2
        case .single: 4
        case .e4m3, .e8m0: 1
        case .spreadHalf: 8
        }
      #expect(offset + byteCount <= type.bytesPerBlock)
    }
  }

  @Test("The first block with a scale that is not finite is found", arguments: types)
  func found(type: TensorType) throws {
    for (form, offset) in type.scales {
      var bytes = [UInt8](repeating: 0x3B, count: 5 * type.bytesPerBlock)
      #expect(bytes.withUnsafeBytes(type.firstNonFiniteBlock) == nil)
      for block in [3, 4] {
        let place = block * type.bytesPerBlock + offset
        switch form {
        case .half: bytes[place + 1] = 0xFC
        case .single: bytes.replaceSubrange(place + 2..<place + 4, with: [0x80, 0x7F])
        case .e4m3: bytes[place] = 0xFF
        case .e8m0: bytes[place] = 0xFF
        case .spreadHalf:
          bytes[place + 7] = 0x7B
          bytes[place + 5] = 0xCB
        }
      }
      #expect(bytes.withUnsafeBytes(type.firstNonFiniteBlock) == 3)
    }
  }

  @Test("A BF16 value that is not finite is found")
  func brainFloat() {
    let bytes: [UInt8] = [0x80, 0x3F, 0x7F, 0x7F, 0x80, 0xFF]
    #expect(bytes.withUnsafeBytes(TensorType.bf16.firstNonFiniteBlock) == 2)
  }
}
