/// A script of Unicode, by its place in the ``ScriptTable``.
struct Script: Sendable, Hashable {
  let number: UInt8

  private static let none = UInt8.max
  private static let numbers: [String: UInt8] = {
    var numbers: [String: UInt8] = [:]
    for (number, row) in ScriptTable.rows.enumerated() {
      for name in row.names.split(separator: " ") { numbers[String(name)] = UInt8(number) }
    }
    return numbers
  }()

  private static let ranges: [(range: ClosedRange<UInt32>, number: UInt8)] = {
    var ranges: [(range: ClosedRange<UInt32>, number: UInt8)] = []
    for (number, row) in ScriptTable.rows.enumerated() {
      for text in row.ranges.split(separator: " ") {
        let ends = text.split(separator: "-").compactMap { UInt32($0, radix: 16) }
        if let low = ends.first, let high = ends.last { ranges.append((low...high, UInt8(number))) }
      }
    }
    return ranges.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }()

  /// - Parameter name: In small letters, without spaces, hyphens and underscores.
  init?(named name: String) {
    guard let number = Self.numbers[name] else { return nil }
    self.number = number
  }

  init?(of scalar: UInt32) {
    var low = 0
    var high = Self.ranges.count
    while low < high {
      let middle = (low + high) / 2
      if Self.ranges[middle].range.upperBound < scalar { low = middle + 1 } else { high = middle }
    }
    guard low < Self.ranges.count, Self.ranges[low].range.contains(scalar) else { return nil }
    number = Self.ranges[low].number
  }

  private init(number: UInt8) { self.number = number }

  // MARK: Splitting

  /// The script of a scalar where texts are cut at scripts; nil for one that goes with any.
  ///
  /// The scripts are those of Unicode 9, and kana go with Han (`UnicodeScripts` of the `tokenizers` library).
  static func forSplitting(_ scalar: UInt32) -> Script? {
    let number = splittingPages[scalar].load(
      fromByteOffset: Int(scalar & 0xFF), as: UInt8.self)
    return number == none ? nil : Script(number: number)
  }

  private static let splittingPages = ScalarPages.bytes { value in
    guard value != 0x20, let scalar = Unicode.Scalar(value), scalar.isOf(version: 9) else {
      return none
    }
    let han = Script(named: "han")
    switch value {
    case 0x30FC: return han?.number ?? none
    case 0x589, 0x61C: return Script(named: "common")?.number ?? none
    case 0x953, 0x954: return Script(named: "devanagari")?.number ?? none
    default: break
    }
    let script = Script(of: value)
    let isKana = script == Script(named: "hiragana") || script == Script(named: "katakana")
    return (isKana ? han : script)?.number ?? none
  }
}
