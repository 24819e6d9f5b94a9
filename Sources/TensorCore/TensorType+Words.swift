extension TensorType {
  /// Numbers of several bytes, one after the other, in a block.
  public struct Words: Sendable, Hashable {
    /// Bytes from the start of the block.
    public let offset: Int
    /// Bytes of one of them: 2, 4 or 8.
    public let byteCount: Int
    public let count: Int

    init(_ offset: Int, _ byteCount: Int, _ count: Int = 1) {
      self.offset = offset
      self.byteCount = byteCount
      self.count = count
    }
  }

  /// What a machine of the other byte order has the other way round in each block; nothing where all
  /// are bytes.
  ///
  /// Decided by how ggml reads a block: the bits of `Q5_0` and `Q5_1`, the signs of `IQ3_XXS` and the scales
  /// of `IQ1_M` stand in arrays of bytes and are read as words, and of each pair of words in `IQ2_XXS` it
  /// reads the first as bytes.
  ///
  /// - Source: the block structs of ggml-common.h and their readers in ggml-quants.c as shipped with
  ///   llama-cpp-python 0.3.36; gguf_convert_endian.py for the types that it knows.
  public var words: [Words] {
    switch self {
    case .f32, .f16, .bf16, .f64, .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .bool, .f8E4M3,
      .f8E5M2, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ:
      bytesPerBlock == 1 ? [] : [Words(0, bytesPerBlock)]
    case .c64: [Words(0, 4, 2)]
    case .f6E2M3, .f6E3M2, .f4, .mxfp4, .nvfp4: []
    case .q4_0, .q8_0, .iq4_NL, .q1_0, .q2_0, .iq2_S, .iq3_S: [Words(0, 2)]
    case .q4_1, .q8_1, .q4_K, .q5_K, .iq4_XS: [Words(0, 2, 2)]
    case .q5_0: [Words(0, 2), Words(2, 4)]
    case .q5_1: [Words(0, 2, 2), Words(4, 4)]
    case .q2_K: [Words(80, 2, 2)]
    case .q3_K: [Words(108, 2)]
    case .q6_K: [Words(208, 2)]
    case .q8_K: [Words(0, 4), Words(260, 2, 16)]
    case .iq1_S: [Words(0, 2), Words(34, 2, 8)]
    case .iq1_M: [Words(48, 2, 4)]
    case .iq2_XXS: [Words(0, 2)] + (0..<8).map { Words(2 + 8 * $0 + 4, 4) }
    case .iq2_XS: [Words(0, 2, 33)]
    case .iq3_XXS: [Words(0, 2), Words(66, 4, 8)]
    case .tq1_0: [Words(52, 2)]
    case .tq2_0: [Words(64, 2)]
    }
  }
}

extension TensorType {
  /// Turns the words of whole blocks of this type the other way round, where they stand.
  ///
  /// - Parameter bytes: Whole blocks, one after the other.
  /// - Complexity: O(`bytes.count`), no allocation but the list of words.
  public func swapWords(in bytes: UnsafeMutableRawBufferPointer) {
    for words in words {
      switch words.byteCount {
      case 2: swap(UInt16.self, words, in: bytes)
      case 4: swap(UInt32.self, words, in: bytes)
      default: swap(UInt64.self, words, in: bytes)
      }
    }
  }

  private func swap<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, _ words: Words, in bytes: UnsafeMutableRawBufferPointer
  ) {
    let size = MemoryLayout<Word>.size
    let stride = bytesPerBlock
    precondition(bytes.count % stride == 0, "not whole blocks of \(self)")
    for block in Swift.stride(from: words.offset, to: bytes.count, by: stride) {
      for place in Swift.stride(from: block, to: block + words.count * size, by: size) {
        let word = bytes.loadUnaligned(fromByteOffset: place, as: Word.self)
        bytes.storeBytes(of: word.byteSwapped, toByteOffset: place, as: Word.self)
      }
    }
  }
}
