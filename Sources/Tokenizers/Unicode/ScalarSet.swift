/// A set of scalars, as a class of a pattern or a kind of character that a tokenizer tells apart.
///
/// Asking is slow; what asks often keeps the answers in ``ScalarPages``.
indirect enum ScalarSet: Sendable, Hashable {
  /// Bits of ``ScalarCategories``.
  case categories(UInt32)
  case ranges([ClosedRange<UInt32>])
  case property(ScalarProperty)
  case not(ScalarSet)
  case any([ScalarSet])
  case all([ScalarSet])
  /// The scalars that differ from a member in case only, or not at all.
  case folded(ScalarSet)

  init(_ scalar: Unicode.Scalar) { self = .ranges([scalar.value...scalar.value]) }

  static let everything = ScalarSet.categories(ScalarCategories.all)
  static let nothing = ScalarSet.ranges([])

  func contains(_ scalar: UInt32) -> Bool {
    switch self {
    case .categories(let mask): (mask >> UInt32(ScalarCategories.category(of: scalar))) & 1 != 0
    case .ranges(let ranges): ranges.contains { $0.contains(scalar) }
    case .property(let property): property.contains(scalar)
    case .not(let set): !set.contains(scalar)
    case .any(let sets): sets.contains { $0.contains(scalar) }
    case .all(let sets): sets.allSatisfy { $0.contains(scalar) }
    case .folded(let set):
      set.contains(scalar) || CaseVariants.of(scalar).contains { set.contains($0) }
    }
  }

  /// Whether all members are known to be ASCII.
  var isASCII: Bool {
    switch self {
    case .ranges(let ranges): ranges.allSatisfy { $0.upperBound < 0x80 }
    case .any(let sets): sets.allSatisfy(\.isASCII)
    default: false
    }
  }

  /// The one scalar of a set made of one.
  var single: UInt32? {
    guard case .ranges(let ranges) = self, ranges.count == 1, ranges[0].count == 1 else {
      return nil
    }
    return ranges[0].lowerBound
  }
}

/// Scalars that fold to the same scalar.
enum CaseVariants {
  /// Scalars that no mapping finds from their plain letter, with that letter (Unicode CaseFolding.txt).
  private static let strays: [(stray: UInt32, letter: UInt32)] = [
    (0xB5, 0x3BC), (0x17F, 0x73), (0x345, 0x3B9), (0x1FBE, 0x3B9), (0x3C2, 0x3C3), (0x3D0, 0x3B2),
    (0x3D1, 0x3B8), (0x3F4, 0x3B8), (0x3D5, 0x3C6), (0x3D6, 0x3C0), (0x3F0, 0x3BA),
    (0x3F1, 0x3C1), (0x3F5, 0x3B5), (0x1C80, 0x432), (0x1C81, 0x434), (0x1C82, 0x43E),
    (0x1C83, 0x441), (0x1C84, 0x442), (0x1C85, 0x442), (0x1C86, 0x44A), (0x1C87, 0x463),
    (0x1C88, 0xA64B), (0x1E9B, 0x1E61), (0x1E9E, 0xDF), (0x2126, 0x3C9), (0x212A, 0x6B),
    (0x212B, 0xE5),
  ]

  static func of(_ value: UInt32) -> [UInt32] {
    guard let scalar = Unicode.Scalar(value) else { return [] }
    let stray = strays.first { $0.stray == value }?.letter
    let lower = stray ?? single(scalar.properties.lowercaseMapping) ?? value
    var variants = [lower]
    if let letter = Unicode.Scalar(lower) {
      for mapping in [letter.properties.uppercaseMapping, letter.properties.titlecaseMapping] {
        if let only = single(mapping) { variants.append(only) }
      }
    }
    variants += strays.lazy.filter { $0.letter == lower }.map(\.stray)
    return variants
  }

  private static func single(_ mapping: String) -> UInt32? {
    let scalars = mapping.unicodeScalars
    return scalars.count == 1 ? scalars.first?.value : nil
  }
}
