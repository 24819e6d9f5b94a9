/// Kinds of characters that no mask of categories says, each as its user defines it.
///
/// Programs are made with the Unicode of their year, and ids depend on it: what was unassigned then is not of the
/// kind, whatever it became. The versions are those of the crates that the `tokenizers` library 0.23 is built from.
enum ScalarProperty: Sendable, Hashable {
  /// Unicode White_Space (Rust's `char::is_whitespace`).
  case whiteSpace
  /// `\w` of the `regex` crate, Unicode 16.
  case word
  /// ASCII punctuation, and category P of Unicode 8 (`unicode_categories`).
  case punctuation
  /// Category Mn of Unicode 8.
  case nonspacingMark
  /// Category M of Unicode 9 (`unicode_normalization_alignments`).
  case combiningMark
  /// Cc, Cf and Co of Unicode 8.
  case other
  /// Ideographs as BERT takes them.
  case chinese
  /// Category N (`char::is_numeric` of Rust).
  case numeric
  case alphabetic, uppercase, lowercase
  case script(Script)

  func contains(_ value: UInt32) -> Bool {
    guard let scalar = Unicode.Scalar(value) else { return false }
    let properties = scalar.properties
    switch self {
    case .whiteSpace: return properties.isWhitespace
    case .word: return Self.isWord(scalar)
    case .punctuation: return Self.isPunctuation(scalar)
    case .nonspacingMark:
      switch value {
      case 0x1734, 0x1171E: return true
      case 0x1885, 0x1886, 0xA9BD, 0x111C9: return false
      default: return properties.generalCategory == .nonspacingMark && scalar.isOf(version: 8)
      }
    case .combiningMark:
      switch value {
      case 0x1CF2, 0x1CF3: return true
      case 0x111C9: return false
      default: return Self.isMark(properties.generalCategory) && scalar.isOf(version: 9)
      }
    case .other:
      switch properties.generalCategory {
      case .control, .privateUse: return true
      case .format: return scalar.isOf(version: 8)
      default: return false
      }
    case .numeric:
      switch properties.generalCategory {
      case .decimalNumber, .letterNumber, .otherNumber: return true
      default: return false
      }
    case .chinese: return Self.isChinese(value)
    case .alphabetic: return properties.isAlphabetic
    case .uppercase: return properties.isUppercase
    case .lowercase: return properties.isLowercase
    case .script(let script): return Script(of: value) == script
    }
  }

  private static func isMark(_ category: Unicode.GeneralCategory) -> Bool {
    category == .nonspacingMark || category == .spacingMark || category == .enclosingMark
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    let category = properties.generalCategory
    let isMember =
      properties.isAlphabetic || properties.isJoinControl || isMark(category)
      || category == .decimalNumber || category == .connectorPunctuation
    return isMember && scalar.isOf(version: 16)
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E, 0x166D, 0x111C9: return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return scalar.isOf(version: 8)
    default: return false
    }
  }

  private static func isChinese(_ value: UInt32) -> Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}

extension Unicode.Scalar {
  /// Whether the scalar was assigned by this version of Unicode.
  func isOf(version: Int) -> Bool { properties.age.map { $0.major <= version } ?? false }
}
