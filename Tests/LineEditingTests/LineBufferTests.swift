import LineEditing
import Testing

@Suite struct LineBufferTests {
  /// The text with `|` at the cursor after some keys.
  private func edited(_ text: String, _ keys: [Key]) -> String {
    var buffer = LineBuffer(text)
    for key in keys { _ = buffer.apply(key) }
    return buffer.before + "|" + buffer.after
  }

  @Test(
    "Keys move and delete as in a shell",
    arguments: [
      ("ab", [Key.left, .text("x")], "ax|b"), ("ab", [.left, .left, .left, .right], "a|b"),
      ("one two", [.wordLeft], "one |two"), ("one two ", [.deleteWordBackward], "one |"),
      ("one two", [.lineStart, .wordRight, .deleteToLineEnd], "one|"),
      ("one two", [.lineStart, .deleteWordForward, .lineEnd, .yank], " twoone|"),
      ("ab\ncd", [.up, .text("x")], "abx|\ncd"), ("abc\nd", [.up], "a|bc\nd"),
      ("a\nbcd", [.up, .lineEnd, .down], "a\nb|cd"), ("a\nb", [.deleteToLineStart], "a\n|"),
      ("a\nb", [.lineStart, .deleteBackward], "a|b"), ("a\n", [.up, .down], "a\n|"),
      ("", [.left, .deleteBackward, .deleteForward, .wordLeft, .wordRight], "|"),
      ("x👩‍👩‍👧", [.deleteBackward], "x|"), ("e\u{301}", [.left], "|e\u{301}"),
      ("a", [.newline, .text("b")], "a\nb|"),
    ])
  func edits(text: String, keys: [Key], expected: String) {
    #expect(edited(text, keys) == expected)
  }

  @Test("Up and down are not of the text where there is no such line")
  func edges() {
    var buffer = LineBuffer("a\nb")
    let known = [Key.down, .up, .up, .enter].map { buffer.apply($0) }
    #expect(known == [false, true, false, false])
  }
}

@Suite struct LineLayoutTests {
  private func layout(_ before: String, _ after: String = "", columns: Int = 8, rows: Int = 20)
    -> LineLayout
  {
    var buffer = LineBuffer(before + after)
    for _ in after { _ = buffer.apply(.left) }
    return LineLayout(
      buffer, prompt: "> ", continuation: ". ", columnCount: columns, rowLimit: rows)
  }

  @Test("Lines wrap at the width, and each line of the text gets its mark")
  func wrapping() {
    #expect(layout("abc").rows == ["> abc"])
    #expect(layout("abcdefgh").rows == ["> abcdef", "gh"])
    #expect(layout("ab\ncd").rows == ["> ab", ". cd"])
    #expect(layout("").rows == ["> "])
  }

  @Test("The cursor stands after what is before it, on a new row where one is full")
  func cursor() {
    let full = layout("abcdef")
    #expect(full.rows == ["> abcdef", ""])
    #expect((full.cursorRow, full.cursorColumn) == (1, 0))
    let middle = layout("abcd", "efgh")
    #expect(middle.rows == ["> abcdef", "gh"])
    #expect((middle.cursorRow, middle.cursorColumn) == (0, 6))
  }

  @Test("Wide characters are not cut in two, and those without width take none")
  func widths() throws {
    #expect(layout("ab漢漢漢").rows == ["> ab漢漢", "漢"])
    #expect(layout("abc漢漢").rows == ["> abc漢", "漢"])
    #expect(layout("e\u{301}e\u{301}").cursorColumn == 4)
    #expect(layout("한👩‍👩‍👧☂️").cursorColumn == 0, "2 + 2 + 2 + 2 columns fill the row")
  }

  @Test("Control characters are shown, not sent")
  func controls() {
    #expect(layout("a\u{1B}b", columns: 20).rows == ["> a\\u{1b}b"])
    #expect(layout("\ta", columns: 20).rows == [">     a"])
  }

  @Test("A text taller than the screen shows the rows around the cursor")
  func tall() {
    let text = (0..<50).map(String.init).joined(separator: "\n")
    let end = layout(text, rows: 5)
    #expect(end.rows == [". 45", ". 46", ". 47", ". 48", ". 49"])
    #expect(end.cursorRow == 4)
    let start = layout("", text, rows: 5)
    #expect(start.rows.first == "> 0" && start.cursorRow == 0 && start.rows.count == 5)
  }
}
