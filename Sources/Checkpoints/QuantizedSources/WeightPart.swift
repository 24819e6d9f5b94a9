public import MappedFiles
public import TensorCore

/// One of the tensors that make a quantized weight: codes, scales, zero points or an order of columns.
public struct WeightPart: Sendable {
  public let name: String
  public let type: TensorType
  /// Outermost first.
  public let shape: Shape
  public let file: MappedFile
  /// Bytes from the start of the file.
  public let offset: Int
  public let byteCount: Int
  /// Bytes that belong to each row of the weight, row after row; `nil` where rows are mixed or shared.
  public internal(set) var rowByteCount: Int?

  /// The encoded elements, as long-lived as ``file``.
  var bytes: UnsafeRawPointer? {
    file.bytes(in: offset..<offset + byteCount).baseAddress
  }

  // MARK: Single elements

  /// The element at `index` of a part whose elements are floats.
  func float(at index: Int) -> Float {
    guard let bytes else { return 0 }
    func bits<Bits: FixedWidthInteger>(_: Bits.Type) -> Bits {
      Bits(
        littleEndian: bytes.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self))
    }
    return switch type {
    case .f32: Float(bitPattern: bits(UInt32.self))
    case .bf16: Float(bitPattern: UInt32(bits(UInt16.self)) << 16)
    case .f16: Float(halfBits: bits(UInt16.self))
    case .f8E8M0, .u8: Float(exponentBits: bits(UInt8.self))
    case .i8: Float(bits(Int8.self))
    default: 0
    }
  }

  /// The word of 32 bits at `index`.
  func word(at index: Int) -> UInt32 {
    guard let bytes else { return 0 }
    return UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
  }

  /// The whole number at `index` of a part of I32 or I64.
  func integer(at index: Int) -> Int {
    guard let bytes else { return 0 }
    return type == .i64
      ? Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self)))
      : Int(Int32(bitPattern: word(at: index)))
  }
}

extension Float {
  /// The value of an IEEE half, exactly.
  init(halfBits bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF)
    guard magnitude < 0x7C00 else {
      self.init(bitPattern: sign | 0x7F80_0000 | magnitude << 13)
      return
    }
    // The exponent of a half starts 112 later; multiplying also sets subnormal ones right.
    let value = Float(bitPattern: magnitude << 13) * 0x1p112
    self = sign == 0 ? value : -value
  }

  /// 2 to the power of an E8M0 exponent: 0 stands for -127, 255 for no number.
  init(exponentBits bits: UInt8) {
    switch bits {
    case 0: self = 0x1p-127
    case 255: self = .nan
    default: self.init(bitPattern: UInt32(bits) << 23)
    }
  }
}
