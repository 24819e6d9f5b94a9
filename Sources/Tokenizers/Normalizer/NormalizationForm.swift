/// A normalization form of the Unicode Standard, annex 15.
struct NormalizationForm: NormalizerStep, Equatable {
  var isCompatible: Bool
  var composes: Bool

  static let nfc = NormalizationForm(isCompatible: false, composes: true)
  static let nfd = NormalizationForm(isCompatible: false, composes: false)
  static let nfkc = NormalizationForm(isCompatible: true, composes: true)
  static let nfkd = NormalizationForm(isCompatible: true, composes: false)

  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard mayChange(text) else { return nil }
    var scalars: [UInt32] = []
    scalars.reserveCapacity(text.count)
    UTF8Text.forEach(text) { Decomposition.append($0, compatibly: isCompatible, to: &scalars) }
    Self.order(&scalars)
    if composes { Self.compose(&scalars) }
    var normalized: [UInt8] = []
    normalized.reserveCapacity(text.count + text.count / 8)
    for scalar in scalars { UTF8Text.append(scalar, to: &normalized) }
    return normalized
  }

  /// Puts the marks between two starters in the order of their classes.
  private static func order(_ scalars: inout [UInt32]) {
    var at = 0
    while at < scalars.count {
      let start = at
      var last: UInt8 = 0
      var isOrdered = true
      while at < scalars.count {
        let class_ = Decomposition.combiningClass(scalars[at])
        if class_ == 0 { break }
        if class_ < last { isOrdered = false }
        last = class_
        at += 1
      }
      if !isOrdered {
        // The offset keeps the order of those of one class.
        let marks = scalars[start..<at].enumerated().map { offset, scalar in
          (UInt64(Decomposition.combiningClass(scalar)) << 56 | UInt64(offset), scalar)
        }
        let ordered = marks.sorted { $0.0 < $1.0 }
        for (offset, mark) in ordered.enumerated() { scalars[start + offset] = mark.1 }
      }
      at += 1
    }
  }

  private static func compose(_ scalars: inout [UInt32]) {
    var kept = 0
    var starter = -1
    var last: UInt8 = 0
    for index in scalars.indices {
      let scalar = scalars[index]
      let class_ = Decomposition.combiningClass(scalar)
      // What follows the starter at once, or marks of lower classes only, may compose with it.
      if starter >= 0, scalar >= 0x300, kept == starter + 1 || (last < class_ && last != 0),
        let composite = Decomposition.composite(scalars[starter], scalar)
      {
        scalars[starter] = composite
        continue
      }
      if class_ == 0 { starter = kept }
      last = class_
      scalars[kept] = scalar
      kept += 1
    }
    scalars.removeLast(scalars.count - kept)
  }

  // MARK: Texts that stay as they are

  private func mayChange(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    if isCompatible { return text.contains { $0 >= 0xC2 } }
    return composes ? Self.mayCompose(text) : text.contains { $0 >= 0xC3 }
  }

  /// Whether composition could change the text: false for everything below U+0300 and for the large blocks
  /// that hold neither combining marks nor characters with canonical decompositions.
  private static func mayCompose(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
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
