import Foundation

/// What is done to text before anything else.
enum Normalizer: Sendable {
  case none
  /// Canonical composition (Unicode form NFC).
  case composed

  /// The normalized text; nil when it is the text itself.
  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> String? {
    guard self == .composed, Self.mayChange(text) else { return nil }
    return String(decoding: text, as: UTF8.self).precomposedStringWithCanonicalMapping
  }

  func normalize(_ text: String) -> String {
    self == .composed ? text.precomposedStringWithCanonicalMapping : text
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
}
