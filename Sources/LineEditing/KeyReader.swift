/// Makes keys of the bytes that a terminal sends.
///
/// - Source: ECMA-48 control sequences; xterm's modifiers and bracketed paste; `CSI u` of fixterms and kitty.
public struct KeyReader {
  /// Gives the next byte; `nil` at the end of the input, or when none comes soon and the reader asked for one that
  /// belongs to the same key.
  public typealias ByteSource = (_ belongsToKey: Bool) -> UInt8?

  private static let escape: UInt8 = 0x1B
  private static let pasteEnd = Array("\u{1B}[201~".utf8)
  /// A pasted text is cut off here.
  private static let longestPaste = 1 << 24
  /// Parameters of a control sequence are short.
  private static let longestSequence = 32

  private let next: ByteSource
  /// A byte that was read and belongs to the next key.
  private var pending: UInt8?

  public init(_ next: @escaping ByteSource) { self.next = next }

  /// The next key; `nil` at the end of the input.
  public mutating func read() -> Key? {
    guard let byte = pending.take() ?? next(false) else { return nil }
    if byte == Self.escape { return escapeSequence() }
    if let key = Key.controls[byte] { return key }
    return byte < 0x20 ? .other : .text(character(startingWith: byte))
  }

  /// A scalar in UTF-8; U+FFFD for bytes that are none.
  private mutating func character(startingWith first: UInt8) -> String {
    let count =
      switch first {
      case 0xC2...0xDF: 2
      case 0xE0...0xEF: 3
      case 0xF0...0xF4: 4
      default: 1
      }
    var bytes = [first]
    while bytes.count < count, let byte = next(true) {
      guard byte & 0xC0 == 0x80 else {
        pending = byte
        break
      }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func escapeSequence() -> Key {
    guard let byte = next(true) else { return .other }
    switch byte {
    case UInt8(ascii: "["): return controlSequence()
    case UInt8(ascii: "O"): return next(true).flatMap { Key.letters[$0] } ?? .other
    case Self.escape:
      pending = byte
      return .other
    default: return Key.alternates[byte] ?? .other
    }
  }

  /// What follows `ESC [`: parameters, then a final byte.
  private mutating func controlSequence() -> Key {
    var parameters: [UInt8] = []
    while let byte = next(true) {
      guard (0x40...0x7E).contains(byte) else {
        guard parameters.count < Self.longestSequence else { return .other }
        parameters.append(byte)
        continue
      }
      let numbers = String(decoding: parameters, as: UTF8.self)
        .split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      return key(byte, numbers)
    }
    return .other
  }

  private mutating func key(_ final: UInt8, _ numbers: [Int]) -> Key {
    let isModified = numbers.count > 1 && numbers[1] > 1
    switch final {
    case UInt8(ascii: "~") where numbers.first == Key.pasteStart: return .text(pasted())
    // xterm's modifyOtherKeys: 27;MODIFIER;CODE
    case UInt8(ascii: "~") where numbers.count == 3 && numbers[2] == Key.enterCode: return .newline
    case UInt8(ascii: "~"): return numbers.first.flatMap { Key.numbers[$0] } ?? .other
    case UInt8(ascii: "u") where numbers.first == Key.enterCode:
      return isModified ? .newline : .enter
    case UInt8(ascii: "C") where isModified: return .wordRight
    case UInt8(ascii: "D") where isModified: return .wordLeft
    default: return Key.letters[final] ?? .other
    }
  }

  /// The text up to the end of a bracketed paste, its lines ended as ours are.
  private mutating func pasted() -> String {
    var bytes: [UInt8] = []
    while let byte = next(false) {
      bytes.append(byte)
      if bytes.count >= Self.pasteEnd.count, bytes.suffix(Self.pasteEnd.count) == Self.pasteEnd[...]
      {
        bytes.removeLast(Self.pasteEnd.count)
        break
      }
      if bytes.count > Self.longestPaste { bytes.removeLast() }
    }
    return String(decoding: bytes, as: UTF8.self)
      .replacing("\r\n", with: "\n").replacing("\r", with: "\n")
  }
}
