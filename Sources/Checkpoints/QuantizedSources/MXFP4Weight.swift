import TensorCore

/// A weight of 4-bit floats, 32 of them with an exponent, repacked into the blocks of a GGUF.
///
///     blocks  U8   [..., rows, columns / 32, 16] or [rows, columns / 2]
///     scales  U8   [..., rows, columns / 32]
///
/// Both sides have the same codes and exponents. Here the nibbles of a byte are two neighbours, in a GGUF
/// those of one half of the block and the other; the exponent comes first there.
///
/// - Source: `convert_moe_packed_tensors` of transformers 5; `repack_mxfp4_blocks` in llama.cpp's
///   conversion/base.py; `block_mxfp4` in ggml-common.h.
struct MXFP4Weight: QuantizedWeight {
  let type = TensorType.mxfp4
  let shape: Shape
  var parts: [WeightPart] { [codes, scales] }
  let coding = "mxfp4"

  private let codes: WeightPart
  private let scales: WeightPart

  /// Elements and bytes of a block, the exponent apart.
  private static let elementCount = 32
  private static let codeByteCount = 16

  init(_ parts: WeightParts, blocks: String, scales ending: String) throws {
    var codes = try parts.part(blocks, [.u8])
    var scales = try parts.part(ending, [.u8, .f8E8M0])
    let found = codes.shape.dimensions
    guard scales.shape.dimensions.count >= 2, scales.shape.elementCount > 0 else {
      throw parts.failure(.wrongRank(tensor: scales.name, expected: 2, found: scales.shape))
    }
    var expected = scales.shape.dimensions
    let blockCount = expected.removeLast()
    if found.count > expected.count + 1 {
      try parts.check(codes, has: expected + [blockCount, Self.codeByteCount])
    } else {
      try parts.check(codes, has: expected + [blockCount * Self.codeByteCount])
    }
    shape = try Shape(expected + [blockCount * Self.elementCount])
    codes.rowByteCount = blockCount * Self.codeByteCount
    scales.rowByteCount = blockCount
    self.codes = codes
    self.scales = scales
  }

  func unpack(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    let blockCount = shape.columns / Self.elementCount
    guard var target = output.baseAddress?.assumingMemoryBound(to: UInt8.self),
      let codes = codes.bytes, let scales = scales.bytes
    else { return }
    for block in rows.lowerBound * blockCount..<rows.upperBound * blockCount {
      target.pointee = scales.load(fromByteOffset: block, as: UInt8.self)
      Self.repack(codes + block * Self.codeByteCount, into: target + 1)
      target += 1 + Self.codeByteCount
    }
  }

  private static func repack(
    _ pairs: UnsafeRawPointer, into halves: UnsafeMutablePointer<UInt8>
  ) {
    let low = pairs.assumingMemoryBound(to: UInt8.self)
    let high = low + codeByteCount / 2
    for place in 0..<codeByteCount / 2 {
      halves[2 * place] = low[place] & 0x0F | high[place] << 4
      halves[2 * place + 1] = low[place] >> 4 | high[place] & 0xF0
    }
  }

  /// The way back, of the bytes of one block behind its exponent.
  static func repack(
    halves: Slice<UnsafeRawBufferPointer>, intoPairs pairs: UnsafeMutableRawPointer
  ) {
    let halves = UnsafeRawBufferPointer(rebasing: halves)
    for place in 0..<codeByteCount / 2 {
      let (even, odd) = (halves[2 * place], halves[2 * place + 1])
      pairs.storeBytes(of: even & 0x0F | odd << 4, toByteOffset: place, as: UInt8.self)
      pairs.storeBytes(
        of: even >> 4 | odd & 0xF0, toByteOffset: codeByteCount / 2 + place, as: UInt8.self)
    }
  }
}
