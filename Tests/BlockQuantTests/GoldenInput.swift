/// The generated input of `Fixtures/blocks/make.py`, float for float.
struct GoldenInput {
  static let columns = 512
  static let rowCount = 16

  let rows: [[Float]]
  let importance: [Float]

  init() {
    var generator = Generator(state: 1)
    rows = (0..<Self.rowCount).map { Self.row($0, &generator) }
    importance = (0..<Self.columns).map { _ in
      generator.next() % 7 == 0 ? 0 : Float(generator.next() >> 8) * 0x1p-20
    }
  }

  private static func row(_ kind: Int, _ g: inout Generator) -> [Float] {
    func each(_ make: (inout Generator) -> Float) -> [Float] {
      (0..<columns).map { _ in make(&g) }
    }
    switch kind {
    case 0: return [Float](repeating: 0, count: columns)
    case 1:
      var values = each { $0.bell() / 256 }
      values[77] = 1000
      return values
    case 2: return each { Float(bitPattern: $0.next() & 0x800F_FFFF) }
    case 3: return [Float](repeating: 0.375, count: columns)
    case 4: return each { $0.bell() * 0x1p126 }
    case 5: return each { $0.bell() * $0.power(20) }
    case 6: return each { $0.bell() * $0.power(100) }
    case 7: return each { $0.bell().magnitude }
    case 8: return each { $0.bell() / 16 - 1000 }
    case 9: return each { $0.next() & 1 == 1 ? 1 : -1 }
    case 10: return each { $0.bell() * 0x1p-70 }
    case 11: return each { $0.bell() * 0x1p70 }
    default: return each { $0.bell() / 32 }
    }
  }
}

/// Knuth's 64-bit linear congruential generator; its high 32 bits.
struct Generator {
  var state: UInt64

  mutating func next() -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(state >> 32)
  }

  /// Nearly normal around zero, deviation about 0.58: exact in a float.
  mutating func bell() -> Float {
    var sum = 0
    for _ in 0..<4 { sum += Int(next() >> 10) }
    return Float(sum - (1 << 23)) * 0x1p-22
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(next() >> 24) }
  }

  mutating func power(_ spread: Int) -> Float {
    let exponent = Int(next()) % (2 * spread + 1) - spread
    return Float(sign: .plus, exponent: exponent, significand: 1)
  }
}

/// FNV-1a, 64 bits, in sixteen hexadecimal digits.
func digest(_ bytes: UnsafeRawBufferPointer) -> String {
  var value: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
