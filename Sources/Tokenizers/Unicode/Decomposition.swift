import Foundation

/// What scalars decompose into, and which compose, in Unicode 9.
///
/// Later scalars decompose into themselves and are starters: the normalizers of the `tokenizers` library know
/// Unicode 9 (`unicode_normalization_alignments` 0.1.12). Foundation knows the mappings of single scalars; its
/// normalization of texts is not used, for on Linux it gets Hangul wrong.
enum Decomposition {
  static let version = 9

  /// By scalar: 0 for one that is its own decomposition, else how many scalars, and where they start in the page.
  private static func pages(_ decompose: @escaping @Sendable (String) -> String) -> ScalarPages {
    ScalarPages { first in
      var heads = [UInt32](repeating: 0, count: 256)
      var scalars: [UInt32] = []
      for index in 0..<UInt32(256) {
        guard let scalar = Unicode.Scalar(first + index), scalar.isOf(version: version),
          !Hangul.syllables.contains(scalar.value)
        else { continue }
        let parts = decompose(String(scalar)).unicodeScalars.map(\.value)
        guard parts != [scalar.value] else { continue }
        heads[Int(index)] = UInt32(256 + scalars.count) << 8 | UInt32(parts.count)
        scalars += parts
      }
      let page = UnsafeMutableRawPointer.allocate(
        byteCount: (heads.count + scalars.count) * 4, alignment: 8)
      for (index, value) in (heads + scalars).enumerated() {
        page.storeBytes(of: value, toByteOffset: index * 4, as: UInt32.self)
      }
      return page
    }
  }

  private static let canonical = pages { $0.decomposedStringWithCanonicalMapping }
  private static let compatible = pages { $0.decomposedStringWithCompatibilityMapping }

  /// Canonical combining classes.
  private static let classes = ScalarPages.bytes { value in
    guard let scalar = Unicode.Scalar(value), scalar.isOf(version: version) else { return 0 }
    return scalar.properties.canonicalCombiningClass.rawValue
  }

  @inline(__always)
  static func combiningClass(_ scalar: UInt32) -> UInt8 {
    scalar < 0x300
      ? 0 : classes[scalar].load(fromByteOffset: Int(scalar & 0xFF), as: UInt8.self)
  }

  /// Appends the full decomposition of a scalar.
  @inline(__always)
  static func append(_ scalar: UInt32, compatibly: Bool, to scalars: inout [UInt32]) {
    guard scalar >= 0xA0 else { return scalars.append(scalar) }
    if Hangul.syllables.contains(scalar) { return Hangul.decompose(scalar, into: &scalars) }
    let page = (compatibly ? compatible : canonical)[scalar]
    let head = page.load(fromByteOffset: Int(scalar & 0xFF) * 4, as: UInt32.self)
    guard head != 0 else { return scalars.append(scalar) }
    for index in 0..<Int(head & 0xFF) {
      scalars.append(page.load(fromByteOffset: (Int(head >> 8) + index) * 4, as: UInt32.self))
    }
  }

  // MARK: Composition

  /// The scalar that two compose into.
  static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    Hangul.composite(first, second) ?? composites[UInt64(first) << 32 | UInt64(second)]
  }

  /// Where all scalars are that others compose into, but Hangul.
  private static let compositeBlocks: [ClosedRange<UInt32>] = [
    0xC0...0x233, 0x385...0x3D4, 0x400...0x4F9, 0x622...0x6D3, 0x929...0x934, 0x9CB...0x9CC,
    0xB48...0xB4C, 0xB94...0xBCC, 0xC48...0xC48, 0xCC0...0xCCB, 0xD4A...0xD4C, 0xDDA...0xDDE,
    0x1026...0x1026, 0x1B06...0x1B43, 0x1E00...0x1FFC, 0x219A...0x22ED, 0x304C...0x30FE,
    0x1109A...0x110AB, 0x1112E...0x1112F, 0x1134B...0x1134C, 0x114BB...0x114BE,
    0x115BA...0x115BB,
  ]

  private static let composites: [UInt64: UInt32] = {
    var composites: [UInt64: UInt32] = [:]
    for value in compositeBlocks.joined() {
      guard let scalar = Unicode.Scalar(value), scalar.isOf(version: version),
        !scalar.properties.isFullCompositionExclusion
      else { continue }
      let parts = Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
      guard parts.count > 1, let last = parts.last else { continue }
      // All but the last scalar are one, composed.
      var rest = ""
      rest.unicodeScalars.append(contentsOf: parts.dropLast())
      let first = rest.precomposedStringWithCanonicalMapping.unicodeScalars
      guard first.count == 1, let first = first.first else { continue }
      composites[UInt64(first.value) << 32 | UInt64(last.value)] = value
    }
    return composites
  }()
}

/// The arithmetic of the Unicode Standard, section 3.12.
enum Hangul {
  static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3

  static func decompose(_ syllable: UInt32, into scalars: inout [UInt32]) {
    let index = syllable - syllables.lowerBound
    scalars.append(0x1100 + index / (21 * 28))
    scalars.append(0x1161 + index % (21 * 28) / 28)
    if index % 28 != 0 { scalars.append(0x11A7 + index % 28) }
  }

  @inline(__always)
  static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (0x1100...0x1112).contains(first), (0x1161...0x1175).contains(second) {
      return syllables.lowerBound + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
    }
    guard syllables.contains(first), (first - syllables.lowerBound) % 28 == 0,
      (0x11A8...0x11C2).contains(second)
    else { return nil }
    return first + (second - 0x11A7)
  }
}
