/// Turns token ids into text as they come, never handing out half a character.
///
/// Bytes that may still become a character are kept back until the tokens that complete it arrive. The parts,
/// joined, are what `Tokenizer.decode` makes of all ids at once.
public struct StreamDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecial: Bool
  private var joiner: TokenJoiner?
  private var pending: [UInt8] = []

  init(tokenizer: Tokenizer, skipsSpecial: Bool) {
    self.tokenizer = tokenizer
    self.skipsSpecial = skipsSpecial
    joiner = tokenizer.makeJoiner()
    // As long as tokens are, so that it does not grow while tokens come.
    pending.reserveCapacity(256)
  }

  /// Takes one token and returns the text that is complete now, perhaps none.
  public mutating func decode(_ id: Int32) -> String {
    if skipsSpecial && tokenizer.isSkipped(id) || !tokenizer.hasToken(id) { return "" }
    take(id)
    let unfinished = Self.unfinishedCount(pending)
    let whole = pending.count - unfinished
    let text = pending.withUnsafeBufferPointer { String(decoding: $0[..<whole], as: UTF8.self) }
    // Memory is kept from token to token.
    for index in 0..<unfinished { pending[index] = pending[whole + index] }
    pending.removeLast(whole)
    return text
  }

  private mutating func take(_ id: Int32) {
    guard var joiner = joiner.take() else { return tokenizer.appendBytes(of: id, to: &pending) }
    joiner.take(tokenizer.spelling(of: id), into: &pending)
    self.joiner = joiner
  }

  /// Returns what is left; bytes that never became a character are U+FFFD.
  public mutating func finish() -> String {
    joiner?.finish(into: &pending)
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// How many bytes at the end are the start of a character that more bytes could complete
  /// (Unicode 16.0, table 3-7).
  static func unfinishedCount(_ bytes: [UInt8]) -> Int {
    for back in 1...3 where back <= bytes.count {
      let lead = bytes[bytes.count - back]
      if lead & 0xC0 == 0x80 { continue }
      let length =
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
      guard back < length else { return 0 }
      guard back > 1 else { return 1 }
      let second = bytes[bytes.count - back + 1]
      let allowed: ClosedRange<UInt8> =
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      return allowed.contains(second) ? back : 0
    }
    return 0
  }
}
