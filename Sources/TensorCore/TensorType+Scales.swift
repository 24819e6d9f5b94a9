extension TensorType {
  /// How the scales of a block are written.
  public enum ScaleForm: Sendable, Hashable {
    /// A half, a single-precision float, a float of 8 bits with 4 of exponent, a bare exponent.
    case half, single, e4m3, e8m0
    /// The highest four bits of four words, which make a half.
    case spreadHalf
  }

  /// The scales and minimums of a block that may be infinite or no number.
  ///
  /// - Source: the block structs of ggml-common.h as shipped with llama-cpp-python 0.3.36.
  public var scales: [(form: ScaleForm, offset: Int)] {
    switch self {
    case .q4_0, .q5_0, .q8_0, .iq4_NL, .iq4_XS, .q1_0, .q2_0, .iq1_S, .iq2_XXS, .iq2_XS, .iq2_S,
      .iq3_XXS, .iq3_S:
      [(.half, 0)]
    case .q4_1, .q5_1, .q8_1, .q4_K, .q5_K: [(.half, 0), (.half, 2)]
    case .q2_K: [(.half, 80), (.half, 82)]
    case .q3_K: [(.half, 108)]
    case .q6_K: [(.half, 208)]
    case .q8_K: [(.single, 0)]
    case .tq1_0: [(.half, 52)]
    case .tq2_0: [(.half, 64)]
    case .iq1_M: [(.spreadHalf, 48)]
    case .mxfp4: [(.e8m0, 0)]
    case .nvfp4: (0..<4).map { (.e4m3, $0) }
    case .f16: [(.half, 0)]
    case .f32: [(.single, 0)]
    default: []
    }
  }

  /// The first block with a scale that is infinite or no number; for plain floats the first such value.
  ///
  /// - Parameter bytes: Whole blocks, little-endian.
  /// - Complexity: O(blocks), no allocation.
  public func firstNonFiniteBlock(in bytes: UnsafeRawBufferPointer) -> Int? {
    if self == .bf16 {
      return first(in: bytes) { block in
        block.loadUnaligned(as: UInt16.self) & 0x7F80 == 0x7F80
      }
    }
    for (form, offset) in scales {
      let found = first(in: bytes) { block in
        switch form {
        case .half: block.loadUnaligned(fromByteOffset: offset, as: UInt16.self) & 0x7C00 == 0x7C00
        case .single:
          block.loadUnaligned(fromByteOffset: offset, as: UInt32.self) & 0x7F80_0000 == 0x7F80_0000
        case .e4m3: block[offset] & 0x7F == 0x7F
        case .e8m0: block[offset] == 0xFF
        case .spreadHalf:
          // The exponent's five bits: four of the last word, one of the third.
          block.loadUnaligned(fromByteOffset: offset + 6, as: UInt16.self) & 0x7000 == 0x7000
            && block.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self) & 0xC000 == 0xC000
        }
      }
      if let found { return found }
    }
    return nil
  }

  private func first(
    in bytes: UnsafeRawBufferPointer, _ isBad: (UnsafeRawBufferPointer) -> Bool
  ) -> Int? {
    let stride = bytesPerBlock
    for block in 0..<bytes.count / stride
    where isBad(UnsafeRawBufferPointer(rebasing: bytes[block * stride..<(block + 1) * stride])) {
      return block
    }
    return nil
  }
}
