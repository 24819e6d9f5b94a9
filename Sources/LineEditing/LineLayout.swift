/// How a text lies on the rows of a terminal.
public struct LineLayout: Hashable, Sendable {
  /// The rows, each no wider than the terminal.
  public private(set) var rows: [String] = [""]
  /// The cursor's row among ``rows``, from 0.
  public private(set) var cursorRow = 0
  /// The cursor's column, from 0.
  public private(set) var cursorColumn = 0

  private let columnCount: Int
  private var column = 0

  /// - Parameters:
  ///   - prompt: What stands before the first line.
  ///   - continuation: What stands before each further line of the text, but not before what is only wrapped.
  ///   - rowLimit: Rows to show at most; those around the cursor are kept.
  public init(
    _ buffer: LineBuffer, prompt: String, continuation: String, columnCount: Int, rowLimit: Int
  ) {
    self.columnCount = max(4, columnCount)
    add(prompt)
    add(buffer.before, continuation)
    (cursorRow, cursorColumn) = (rows.count - 1, column)
    add(buffer.after, continuation)
    keep(max(1, rowLimit))
  }

  private mutating func add(_ text: String, _ continuation: String) {
    for character in text {
      if character == "\n" {
        startRow()
        add(continuation)
      } else {
        add(String(character.shown))
      }
    }
  }

  private mutating func add(_ text: String) {
    for character in text {
      let width = character.columnCount
      if column + width > columnCount { startRow() }
      rows[rows.count - 1].append(character)
      column += width
      // A terminal keeps its cursor on a full row, where ours would not be.
      if column == columnCount { startRow() }
    }
  }

  private mutating func startRow() {
    rows.append("")
    column = 0
  }

  private mutating func keep(_ limit: Int) {
    guard rows.count > limit else { return }
    let first = min(max(0, cursorRow - limit / 2), rows.count - limit)
    rows = Array(rows[first..<first + limit])
    cursorRow -= first
  }
}

extension Character {
  /// The character as a terminal may be shown it: a tab as spaces, a control character as its name in Unicode.
  fileprivate var shown: String {
    if self == "\t" { return "    " }
    let isControl = unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard isControl else { return String(self) }
    return unicodeScalars.map { "\\u{\(String($0.value, radix: 16))}" }.joined()
  }
}
