/// A class of scalars in a pattern, as `[^\r\n\p{L}]`: categories and ranges, perhaps negated.
struct ScalarSet: Sendable, Hashable {
  var categories: UInt32 = 0
  var ranges: [ClosedRange<UInt32>] = []
  var isNegated = false

  init(categories: UInt32 = 0, ranges: [ClosedRange<UInt32>] = [], isNegated: Bool = false) {
    self.categories = categories
    self.ranges = ranges
    self.isNegated = isNegated
  }

  init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

  func contains(_ scalar: UInt32) -> Bool {
    let isMember =
      (categories >> UInt32(ScalarCategories.category(of: scalar))) & 1 != 0
      || ranges.contains { $0.contains(scalar) }
    return isMember != isNegated
  }

  /// The set with every scalar that differs from a member in case only.
  ///
  /// Ranges are widened one scalar at a time, so only ranges of up to 1024 scalars are.
  func ignoringCase() -> ScalarSet {
    var wide = self
    for range in ranges where range.count <= 1024 {
      for value in range {
        for variant in Self.caseVariants(of: value) where !wide.ranges.contains(variant...variant) {
          wide.ranges.append(variant...variant)
        }
      }
    }
    return wide
  }

  /// Scalars that fold to the same scalar. The two that a mapping does not find from their plain
  /// letter are the long s and the kelvin sign (Unicode CaseFolding.txt).
  private static func caseVariants(of value: UInt32) -> [UInt32] {
    guard let scalar = Unicode.Scalar(value) else { return [] }
    var variants: [UInt32] = []
    for mapping in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
      let scalars = mapping.unicodeScalars
      if scalars.count == 1, let only = scalars.first { variants.append(only.value) }
    }
    if value == 0x73 || value == 0x53 { variants.append(0x17F) }
    if value == 0x6B || value == 0x4B { variants.append(0x212A) }
    return variants
  }
}
