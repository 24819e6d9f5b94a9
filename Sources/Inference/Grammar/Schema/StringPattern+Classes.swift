extension StringPattern {
  private static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
  private static let word: [ClosedRange<UInt32>] = [
    0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A,
  ]
  private static let space: [ClosedRange<UInt32>] = [
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ]
  private static let lineEnds: [ClosedRange<UInt32>] = [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]

  /// A character or a class.
  mutating func one() throws(SchemaError) -> ScalarRanges {
    guard let scalar = peek else { throw failure("the end") }
    switch scalar {
    case "[": return try characterClass()
    case ".":
      index += 1
      return ScalarRanges(Self.lineEnds).complement
    case "\\": return try escape(inClass: false)
    default:
      index += 1
      return ScalarRanges(scalar)
    }
  }

  private mutating func characterClass() throws(SchemaError) -> ScalarRanges {
    index += 1
    let isNegated = skip("^")
    var ranges: [ClosedRange<UInt32>] = []
    while !skip("]") {
      let low = try member()
      guard peek == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
        ranges += low.ranges
        continue
      }
      index += 1
      let high = try member()
      guard let first = low.single, let last = high.single, first <= last else {
        throw failure("a range that is none")
      }
      ranges.append(first...last)
    }
    let set = ScalarRanges(ranges)
    // Surrogates are no scalars, whatever range spans them.
    let scalars = set.complement.complement
    return isNegated ? set.complement : scalars
  }

  private mutating func member() throws(SchemaError) -> ScalarRanges {
    guard let scalar = peek else { throw failure("a class without end") }
    if scalar == "\\" { return try escape(inClass: true) }
    index += 1
    return ScalarRanges(scalar)
  }

  private mutating func escape(inClass: Bool) throws(SchemaError) -> ScalarRanges {
    index += 1
    guard let scalar = peek else { throw failure("an escape without a character") }
    index += 1
    switch scalar {
    case "d": return ScalarRanges(Self.digits)
    case "D": return ScalarRanges(Self.digits).complement
    case "w": return ScalarRanges(Self.word)
    case "W": return ScalarRanges(Self.word).complement
    case "s": return ScalarRanges(Self.space)
    case "S": return ScalarRanges(Self.space).complement
    case "n": return ScalarRanges("\n")
    case "r": return ScalarRanges("\r")
    case "t": return ScalarRanges("\t")
    case "f": return ScalarRanges("\u{0C}")
    case "v": return ScalarRanges("\u{0B}")
    case "x": return try hexadecimal(2)
    case "u": return try hexadecimal(4)
    case "b" where inClass: return ScalarRanges("\u{08}")
    case "a"..."z", "A"..."Z", "0"..."9":
      index -= 2
      throw failure("the escape '\\\(scalar)', which is no single character")
    default: return ScalarRanges(scalar)
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(SchemaError) -> ScalarRanges {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = peek.flatMap({ Character($0).hexDigitValue }) else {
        throw failure("an escape that is none")
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw failure("an escape that is half a character")
    }
    return ScalarRanges(scalar)
  }
}

extension ScalarRanges {
  /// The only member of a set of one.
  fileprivate var single: UInt32? {
    guard ranges.count == 1, ranges[0].count == 1 else { return nil }
    return ranges[0].lowerBound
  }
}
