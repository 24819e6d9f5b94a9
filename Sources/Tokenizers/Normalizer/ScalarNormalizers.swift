/// Removes the scalars of a set, then puts a space for those of another.
struct ScalarFilter: NormalizerStep {
  private let removed: ScalarPages
  private let spaced: ScalarPages

  init(removing removed: ScalarSet, spacing spaced: ScalarSet = .nothing) {
    self.removed = ScalarPages.bits { removed.contains($0) }
    self.spaced = ScalarPages.bits { spaced.contains($0) }
  }

  /// All marks (`StripAccents`); letters with accents of their own stay.
  static let accents = ScalarFilter(removing: .property(.combiningMark))
  /// The marks that BERT strips from decomposed text.
  static let nonspacingMarks = ScalarFilter(removing: .property(.nonspacingMark))
  /// Control characters go, and all white space is a space (`clean_text` of `BertNormalizer`).
  static let clean = ScalarFilter(
    removing: .all([
      .any([.property(.other), .ranges([0...0, 0xFFFD...0xFFFD])]),
      .not(.ranges([0x09...0x0A, 0x0D...0x0D])),
    ]), spacing: .property(.whiteSpace))
  /// What Google's translation models clean (`Nmt`).
  static let nmt = ScalarFilter(
    removing: .ranges([
      0x01...0x08, 0x0B...0x0B, 0x0E...0x1F, 0x7F...0x7F, 0x8F...0x8F, 0x9F...0x9F,
    ]),
    spacing: .ranges([
      0x09...0x0A, 0x0C...0x0D, 0x1680...0x1680, 0x200B...0x200F, 0x2028...0x2029, 0x2581...0x2581,
      0xFEFF...0xFEFF, 0xFFFD...0xFFFD,
    ]))

  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var normalized: [UInt8] = []
    normalized.reserveCapacity(text.count)
    var hasChanged = false
    UTF8Text.forEach(text) { scalar in
      if removed.bit(scalar) {
        hasChanged = true
      } else if spaced.bit(scalar), scalar != 0x20 {
        hasChanged = true
        normalized.append(0x20)
      } else {
        UTF8Text.append(scalar, to: &normalized)
      }
    }
    return hasChanged ? normalized : nil
  }
}

/// Small letters for capitals, scalar by scalar: no mapping looks at what stands around.
struct Lowercase: NormalizerStep {
  /// By scalar 0 for one that stays, else the one it becomes, or ``several``.
  private static let pages = ScalarPages { first in
    let page = UnsafeMutableRawPointer.allocate(byteCount: 1024, alignment: 8)
    for index in 0..<UInt32(256) {
      let lower = Unicode.Scalar(first + index)?.properties.lowercaseMapping.unicodeScalars
      let value = lower.flatMap { $0.count == 1 ? $0.first?.value : several } ?? 0
      page.storeBytes(
        of: value == first + index ? 0 : value, toByteOffset: Int(index) * 4, as: UInt32.self)
    }
    return page
  }

  private static let several = UInt32.max

  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var normalized: [UInt8] = []
    normalized.reserveCapacity(text.count)
    UTF8Text.forEach(text) { scalar in
      let lower = Self.pages[scalar].load(
        fromByteOffset: Int(scalar & 0xFF) * 4, as: UInt32.self)
      if lower == Self.several {
        normalized += Unicode.Scalar(scalar)?.properties.lowercaseMapping.utf8 ?? "".utf8
      } else {
        UTF8Text.append(lower == 0 ? scalar : lower, to: &normalized)
      }
    }
    return normalized
  }
}

/// A space before and after each ideograph (`handle_chinese_chars` of `BertNormalizer`).
struct SpacedIdeographs: NormalizerStep {
  private static let pages = ScalarPages.bits { ScalarProperty.chinese.contains($0) }

  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard text.contains(where: { $0 >= 0xE3 }) else { return nil }
    var normalized: [UInt8] = []
    normalized.reserveCapacity(text.count * 5 / 3)
    UTF8Text.forEach(text) { scalar in
      let isSpaced = scalar >= 0x3400 && Self.pages.bit(scalar)
      if isSpaced { normalized.append(0x20) }
      UTF8Text.append(scalar, to: &normalized)
      if isSpaced { normalized.append(0x20) }
    }
    return normalized
  }
}

/// The bytes of the text as letters of the ``ByteAlphabet``.
struct AlphabetSpelling: NormalizerStep {
  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    ByteAlphabet.encode(text[...])
  }
}
