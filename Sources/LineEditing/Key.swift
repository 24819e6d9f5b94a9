/// What a person did at the keyboard.
public enum Key: Hashable, Sendable {
  /// Characters as typed, or pasted; a pasted text may have many lines.
  case text(String)
  case enter
  /// A new line inside the text: Alt-Enter, Shift-Enter where the terminal tells it, or ctrl-J.
  case newline
  case tab
  case left, right, up, down
  case wordLeft, wordRight
  case lineStart, lineEnd
  case deleteBackward, deleteForward
  case deleteWordBackward, deleteWordForward
  case deleteToLineStart, deleteToLineEnd
  /// Puts back what was deleted last.
  case yank
  case clearScreen
  case interrupt
  /// ctrl-D: deletes forward, and ends the input where there is nothing.
  case endOfInput
  case suspend
  /// A key that means nothing here.
  case other
}

extension Key {
  /// Keys of one byte.
  ///
  /// - Source: the Emacs bindings that shells share.
  static let controls: [UInt8: Key] = [
    0x01: .lineStart, 0x02: .left, 0x03: .interrupt, 0x04: .endOfInput, 0x05: .lineEnd,
    0x06: .right, 0x08: .deleteBackward, 0x09: .tab, 0x0A: .newline, 0x0B: .deleteToLineEnd,
    0x0C: .clearScreen, 0x0D: .enter, 0x0E: .down, 0x10: .up, 0x15: .deleteToLineStart,
    0x17: .deleteWordBackward, 0x19: .yank, 0x1A: .suspend, 0x7F: .deleteBackward,
  ]

  /// Keys that come as one byte after an escape, which is what Alt sends.
  static let alternates: [UInt8: Key] = [
    0x08: .deleteWordBackward, 0x0A: .newline, 0x0D: .newline, 0x7F: .deleteWordBackward,
    UInt8(ascii: "b"): .wordLeft, UInt8(ascii: "d"): .deleteWordForward,
    UInt8(ascii: "f"): .wordRight,
  ]

  /// Keys that end in a letter after `ESC [` or `ESC O`.
  static let letters: [UInt8: Key] = [
    UInt8(ascii: "A"): .up, UInt8(ascii: "B"): .down, UInt8(ascii: "C"): .right,
    UInt8(ascii: "D"): .left, UInt8(ascii: "F"): .lineEnd, UInt8(ascii: "H"): .lineStart,
  ]

  /// Keys by the number before a `~`.
  static let numbers: [Int: Key] = [
    1: .lineStart, 3: .deleteForward, 4: .lineEnd, 7: .lineStart, 8: .lineEnd,
  ]

  /// The number before a `~` that precedes a pasted text.
  static let pasteStart = 200

  /// The code of the Enter key where a terminal reports keys by code.
  static let enterCode = 13
}
