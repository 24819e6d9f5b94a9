import LineEditing
import Testing

@Suite struct KeyTests {
  /// Reads all keys of bytes that come at once.
  private func keys(_ bytes: [UInt8]) -> [Key] {
    var rest = bytes[...]
    var reader = KeyReader { _ in rest.popFirst() }
    var keys: [Key] = []
    while let key = reader.read() { keys.append(key) }
    return keys
  }

  @Test(
    "What terminals send for a key is that key",
    arguments: [
      ("a", [Key.text("a")]), ("é漢🦀", [.text("é"), .text("漢"), .text("🦀")]),
      ("\u{1B}[A\u{1B}OA", [.up, .up]),
      ("\u{1B}[1;5C\u{1B}[1;3D\u{1B}f", [.wordRight, .wordLeft, .wordRight]),
      ("\u{1B}[H\u{1B}[4~\u{1B}[3~", [.lineStart, .lineEnd, .deleteForward]),
      (
        "\r\n\u{1B}\r\u{1B}[13;2u\u{1B}[27;2;13~", [.enter, .newline, .newline, .newline, .newline]
      ),
      ("\u{3}\u{4}\u{1A}\u{7F}", [.interrupt, .endOfInput, .suspend, .deleteBackward]),
      ("\u{1B}[200~a\r\nb\u{1B}[Ac\u{1B}[201~d", [.text("a\nb\u{1B}[Ac"), .text("d")]),
      ("\u{1B}[200~unfinished", [.text("unfinished")]),
      ("\u{1B}[38;5;9999999999999999999999mx", [.other, .text("x")]),
      ("\u{1B}", [.other]), ("\u{1B}[", [.other]), ("\u{1B}\u{1B}[A", [.other, .up]),
    ])
  func keys(sent: String, expected: [Key]) {
    #expect(keys(Array(sent.utf8)) == expected)
  }

  @Test("Bytes that are no UTF-8 cost one replacement each and no key after them")
  func malformed() {
    #expect(keys([0xE6, 0x41]) == [.text("\u{FFFD}"), .text("A")])
    #expect(keys([0xFF, 0x0D]) == [.text("\u{FFFD}"), .enter])
    #expect(keys([0xF0, 0x9F]) == [.text("\u{FFFD}")])
  }
}
