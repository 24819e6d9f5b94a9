/// The classes that a pattern can name.
///
/// - Source: Oniguruma 6.9.10, `doc/RE` and `doc/UNICODE_PROPERTIES`, and what it matches in all of Unicode.
enum PatternClass {
  static let whiteSpace = ScalarSet.categories(ScalarCategories.whiteSpace)
  static let digit = ScalarSet.categories(ScalarCategories.decimalDigit)
  static let hexDigit = ScalarSet.ranges([0x30...0x39, 0x41...0x46, 0x61...0x66])
  static let alphabetic = assigned(.property(.alphabetic))
  static let upper = assigned(.property(.uppercase))
  static let lower = ScalarSet.any([assigned(.property(.lowercase)), .ranges([0x295...0x295])])
  /// Letters, marks, decimal digits and connectors.
  static let classWord = ScalarSet.any([
    alphabetic, categories("M"), categories("Nd"), categories("Pc"),
  ])
  /// Outside brackets the superscripts and fractions of Latin-1 as well.
  static let word = ScalarSet.any([classWord, .ranges([0xB2...0xB3, 0xB9...0xB9, 0xBC...0xBE])])
  static let wordPages = ScalarPages.bits { word.contains($0) }

  private static func categories(_ name: String) -> ScalarSet {
    .categories(ScalarCategories.mask(named: name) ?? 0)
  }

  private static func assigned(_ set: ScalarSet) -> ScalarSet {
    .all([set, .not(categories("Cn"))])
  }

  private static let common: [String: ScalarSet] = [
    "alpha": alphabetic, "alphabetic": alphabetic, "upper": upper, "uppercase": upper,
    "lower": lower, "lowercase": lower, "space": whiteSpace, "whitespace": whiteSpace,
    "digit": digit, "word": classWord, "xdigit": hexDigit, "alnum": .any([alphabetic, digit]),
    "cntrl": categories("Cc"), "blank": .any([categories("Zs"), .ranges([0x09...0x09])]),
    "ascii": .ranges([0...0x7F]),
    "graph": .not(.any([whiteSpace, categories("Cc"), categories("Cn"), categories("Cs")])),
    "print": .not(
      .any([
        categories("Cc"), categories("Cn"), categories("Cs"), categories("Zl"), categories("Zp"),
      ])),
  ]

  /// The class in brackets, as `[:alpha:]`.
  static func bracket(_ name: String) -> ScalarSet? {
    name == "punct" ? .any([categories("P"), categories("S")]) : common[name]
  }

  /// The property of `\p{name}`: case, spaces, hyphens and underscores do not count.
  static func property(_ name: String) -> ScalarSet? {
    let plain = name.lowercased().filter { !" -_".contains($0) }
    switch plain {
    case "any": return .everything
    case "assigned": return .not(categories("Cn"))
    case "lc", "casedletter":
      return .any([categories("Lu"), categories("Ll"), categories("Lt")])
    case "punct": return categories("P")
    case "word": return word
    default: break
    }
    if let set = common[plain] { return set }
    if let short = longNames[plain] { return categories(short) }
    if plain.utf8.count <= 2, let first = plain.first {
      let short = first.uppercased() + plain.dropFirst()
      if let mask = ScalarCategories.mask(named: short) { return .categories(mask) }
    }
    return Script(named: plain).map { assigned(.property(.script($0))) }
  }

  private static let longNames = [
    "letter": "L", "uppercaseletter": "Lu", "lowercaseletter": "Ll", "titlecaseletter": "Lt",
    "modifierletter": "Lm", "otherletter": "Lo", "mark": "M", "combiningmark": "M",
    "nonspacingmark": "Mn", "spacingmark": "Mc", "enclosingmark": "Me", "number": "N",
    "decimalnumber": "Nd", "letternumber": "Nl", "othernumber": "No", "punctuation": "P",
    "connectorpunctuation": "Pc", "dashpunctuation": "Pd", "openpunctuation": "Ps",
    "closepunctuation": "Pe", "initialpunctuation": "Pi", "finalpunctuation": "Pf",
    "otherpunctuation": "Po", "symbol": "S", "mathsymbol": "Sm", "currencysymbol": "Sc",
    "modifiersymbol": "Sk", "othersymbol": "So", "separator": "Z", "spaceseparator": "Zs",
    "lineseparator": "Zl", "paragraphseparator": "Zp", "other": "C", "control": "Cc",
    "format": "Cf", "surrogate": "Cs", "privateuse": "Co", "unassigned": "Cn",
  ]
}
