import Foundation

/// Unicode form NFC.
struct CanonicalComposition: NormalizerStep {
  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard Self.mayChange(text) else { return nil }
    return Array(Self.composed(String(decoding: text, as: UTF8.self)).utf8)
  }

  /// Whether composition could change the text: false for everything below U+0300 and for the large blocks
  /// that hold neither combining marks nor characters with canonical decompositions.
  private static func mayChange(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = 0
    while index < text.count {
      let lead = text[index]
      if lead < 0xCC {
        index += 1
        continue
      }
      guard index + 1 < text.count else { return true }
      let second = text[index + 1]
      let third = index + 2 < text.count ? text[index + 2] : 0
      switch lead {
      case 0xD0, 0xD1: index += 2  // U+0400...047F
      case 0xE2 where second == 0x80 && third >= 0x82: index += 3  // U+2002...203F
      case 0xE3 where second == 0x80 && third < 0xAA: index += 3  // U+3000...3029
      case 0xE3 where second == 0x81 || second == 0x83: index += 3  // Kana without U+3080...30BF
      case 0xE4 where second >= 0xB8, 0xE5...0xE9: index += 3  // U+4E00...9FFF
      case 0xEA where second >= 0xB0, 0xEB, 0xEC: index += 3  // Hangul syllables up to U+CFFF
      case 0xEF where second == 0xBC || second == 0xBD: index += 3  // U+FF00...FF7F
      case 0xF0 where second == 0x9F: index += 4  // U+1F000...1FFFF
      default: return true
      }
    }
    return false
  }

  // MARK: Composition

  private static let jamo: ClosedRange<UInt32> = 0x1100...0x11FF

  /// Form NFC. Foundation on Linux gets Hangul wrong (it leaves a final jamo behind a syllable, and replaces old
  /// jamo), so runs of Hangul are composed here; nothing outside such a run composes with anything inside.
  private static func composed(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { jamo.contains($0.value) }) else {
      return text.precomposedStringWithCanonicalMapping
    }
    var result = ""
    var rest = text.unicodeScalars[...]
    while !rest.isEmpty {
      let other = rest.prefix { !isHangul($0.value) }
      result += String(other).precomposedStringWithCanonicalMapping
      rest = rest[other.endIndex...]
      let hangul = rest.prefix { isHangul($0.value) }
      composeHangul(hangul, into: &result.unicodeScalars)
      rest = rest[hangul.endIndex...]
    }
    return result
  }

  private static func isHangul(_ value: UInt32) -> Bool {
    jamo.contains(value) || (0xAC00...0xD7A3).contains(value)
  }

  /// The arithmetic of the Unicode Standard, section 3.12.
  private static func composeHangul(
    _ scalars: Substring.UnicodeScalarView, into result: inout String.UnicodeScalarView
  ) {
    var last: UInt32?
    func flush() {
      if let last, let scalar = Unicode.Scalar(last) { result.append(scalar) }
    }
    for scalar in scalars {
      let value = scalar.value
      if let lead = last, (0x1100...0x1112).contains(lead), (0x1161...0x1175).contains(value) {
        last = 0xAC00 + ((lead - 0x1100) * 21 + (value - 0x1161)) * 28
      } else if let syllable = last, (0xAC00...0xD7A3).contains(syllable),
        (syllable - 0xAC00) % 28 == 0, (0x11A8...0x11C2).contains(value)
      {
        last = syllable + (value - 0x11A7)
      } else {
        flush()
        last = value
      }
    }
    flush()
  }
}
