/// General categories of Unicode scalars as small numbers, so that a class of a pattern is one bit mask.
///
/// Numbers 0 to 29 are the general categories; 30 is for the control characters that are white space
/// (tab to carriage return, and next line), so that `\s` is a mask like any other.
enum ScalarCategories {
  static let controlSpace: UInt8 = 30

  /// The category of a scalar.
  @inline(__always)
  static func category(of scalar: UInt32) -> UInt8 {
    pages[scalar].load(fromByteOffset: Int(scalar & 0xFF), as: UInt8.self)
  }

  private static let pages = ScalarPages.bytes { lookUp($0) }

  /// The category in Unicode 16, which Oniguruma 6.9.10 knows; the letter U+0295 was a lowercase one then.
  static func lookUp(_ value: UInt32) -> UInt8 {
    guard let scalar = Unicode.Scalar(value) else { return index(of: .surrogate) }
    if (0x09...0x0D).contains(value) || value == 0x85 { return controlSpace }
    if value == 0x295 { return index(of: .lowercaseLetter) }
    let category = scalar.properties.generalCategory
    guard category == .privateUse || scalar.isOf(version: 16) else { return index(of: .unassigned) }
    return index(of: category)
  }

  /// The mask of categories that a pattern names, as `L`, `Lu` or `P`; nil when there is no such category.
  static func mask(named name: String) -> UInt32? {
    var mask: UInt32 = 0
    for (index, spelling) in spellings.enumerated()
    where spelling == name || (name.utf8.count == 1 && spelling.hasPrefix(name)) {
      mask |= 1 << UInt32(index)
    }
    if mask & (1 << UInt32(index(of: .control))) != 0 { mask |= 1 << UInt32(controlSpace) }
    return mask == 0 ? nil : mask
  }

  static let all: UInt32 = 0x7FFF_FFFF
  static let whiteSpace: UInt32 =
    (1 << UInt32(controlSpace)) | (mask(named: "Z") ?? 0)
  static let decimalDigit: UInt32 = mask(named: "Nd") ?? 0
  private static let spellings = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe",
    "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
  ]

  private static func index(of category: Unicode.GeneralCategory) -> UInt8 {
    switch category {
    case .uppercaseLetter: 0
    case .lowercaseLetter: 1
    case .titlecaseLetter: 2
    case .modifierLetter: 3
    case .otherLetter: 4
    case .nonspacingMark: 5
    case .spacingMark: 6
    case .enclosingMark: 7
    case .decimalNumber: 8
    case .letterNumber: 9
    case .otherNumber: 10
    case .connectorPunctuation: 11
    case .dashPunctuation: 12
    case .openPunctuation: 13
    case .closePunctuation: 14
    case .initialPunctuation: 15
    case .finalPunctuation: 16
    case .otherPunctuation: 17
    case .mathSymbol: 18
    case .currencySymbol: 19
    case .modifierSymbol: 20
    case .otherSymbol: 21
    case .spaceSeparator: 22
    case .lineSeparator: 23
    case .paragraphSeparator: 24
    case .control: 25
    case .format: 26
    case .surrogate: 27
    case .privateUse: 28
    case .unassigned: 29
    @unknown default: 29
    }
  }
}
