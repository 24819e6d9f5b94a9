import Synchronization

/// General categories of Unicode scalars as small numbers, so that a class of a pattern is one bit mask.
///
/// Numbers 0 to 29 are the general categories; 30 is for the control characters that are white space
/// (tab to carriage return, and next line), so that `\s` is a mask like any other.
enum ScalarCategories {
  static let controlSpace: UInt8 = 30

  /// The category of a scalar; planes 0 and 1 come from tables, the rest is asked of the standard library.
  @inline(__always)
  static func category(of scalar: UInt32) -> UInt8 {
    guard scalar < tableCount else { return lookUp(scalar) }
    let address = pages[Int(scalar / pageCount)].load(ordering: .acquiring)
    guard let page = UnsafePointer<UInt8>(bitPattern: address) else {
      return page(of: scalar)[Int(scalar % pageCount)]
    }
    return page[Int(scalar % pageCount)]
  }

  private static let tableCount: UInt32 = 0x20000
  private static let pageCount: UInt32 = 0x100

  /// Addresses of the categories of 256 scalars each, made when the first of them is asked for and never
  /// freed. An atomic is there to be shared; only pointers do not say of themselves that they may be.
  nonisolated(unsafe) private static let pages: UnsafeMutablePointer<Atomic<UInt>> = {
    let count = Int(tableCount / pageCount)
    let pages = UnsafeMutablePointer<Atomic<UInt>>.allocate(capacity: count)
    for index in 0..<count { (pages + index).initialize(to: Atomic(0)) }
    return pages
  }()

  private static func page(of scalar: UInt32) -> UnsafePointer<UInt8> {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: Int(pageCount))
    let first = scalar / pageCount * pageCount
    for index in 0..<pageCount { bytes[Int(index)] = lookUp(first + index) }
    let (isFirst, other) = pages[Int(scalar / pageCount)].compareExchange(
      expected: 0, desired: UInt(bitPattern: bytes), ordering: .acquiringAndReleasing)
    guard !isFirst, let known = UnsafePointer<UInt8>(bitPattern: other) else {
      return UnsafePointer(bytes)
    }
    bytes.deallocate()
    return known
  }

  static func lookUp(_ value: UInt32) -> UInt8 {
    guard let scalar = Unicode.Scalar(value) else { return index(of: .surrogate) }
    if (0x09...0x0D).contains(value) || value == 0x85 { return controlSpace }
    return index(of: scalar.properties.generalCategory)
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
  static let word: UInt32 =
    (mask(named: "L") ?? 0) | (mask(named: "M") ?? 0) | (mask(named: "N") ?? 0)
    | (mask(named: "Pc") ?? 0)

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
