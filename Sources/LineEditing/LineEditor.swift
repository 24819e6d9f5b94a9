#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads messages that a person writes at a terminal, with the keys of a shell and texts of many lines.
public final class LineEditor {
  /// What came of a message.
  public enum Outcome: Hashable, Sendable {
    case text(String)
    /// ctrl-C where nothing was written.
    case interrupted
    case endOfInput
  }

  /// Completes what stands before the cursor: all texts that it may become.
  public typealias Completion = (String) -> [String]

  /// Milliseconds within which the bytes of one key follow each other.
  private static let keyGap: Int32 = 50

  private let terminal: Terminal
  private let prompt: String
  private let continuation: String
  private let isOpen: (String) -> Bool
  private let complete: Completion
  private var history: LineHistory
  private var keys: KeyReader
  /// Rows above the cursor that the last drawing used.
  private var rowsAbove = 0
  /// What it drew, and for how many columns.
  private var drawn = (buffer: LineBuffer(), columnCount: 0)

  /// - Parameter isOpen: Whether Enter is to begin a new line after this text, and not to end it.
  public init(
    _ terminal: Terminal, prompt: String = "> ", continuation: String = "  ",
    history: LineHistory = LineHistory(), isOpen: @escaping (String) -> Bool = { _ in false },
    complete: @escaping Completion = { _ in [] }
  ) {
    self.terminal = terminal
    self.prompt = prompt
    self.continuation = continuation
    self.history = history
    self.isOpen = isOpen
    self.complete = complete
    keys = KeyReader { terminal.readByte(within: $0 ? Self.keyGap : nil) }
  }

  /// Runs `body`, which reads messages: what is typed between them is kept, unseen, for the next one.
  public func conversation<Value>(_ body: () throws -> Value) rethrows -> Value {
    try TerminalMode.quiet.during(terminal, body)
  }

  /// Lets a person write a message.
  public func read() -> Outcome {
    TerminalMode.keys.during(terminal) {
      defer { terminal.write("\r\n") }
      let outcome = edit()
      if case .text(let text) = outcome { history.add(text) }
      return outcome
    }
  }

  private func edit() -> Outcome {
    var buffer = LineBuffer()
    forgetDrawing()
    draw(buffer)
    while let key = keys.read() {
      switch key {
      case .enter where isOpen(buffer.text): buffer.insert("\n")
      case .enter:
        drawAtEnd(buffer)
        return .text(buffer.text)
      case .interrupt:
        drawAtEnd(buffer)
        if buffer.isEmpty { return .interrupted }
        buffer = LineBuffer()
        terminal.write("\r\n")
        forgetDrawing()
      case .endOfInput:
        if buffer.isEmpty { return .endOfInput }
        _ = buffer.apply(.deleteForward)
      case .clearScreen:
        terminal.write("\u{1B}[H\u{1B}[2J")
        forgetDrawing()
      case .suspend: suspend(buffer)
      case .tab: completeWord(&buffer)
      default: edit(&buffer, key)
      }
      draw(buffer)
    }
    drawAtEnd(buffer)
    return buffer.isEmpty ? .endOfInput : .text(buffer.text)
  }

  private func edit(_ buffer: inout LineBuffer, _ key: Key) {
    guard !buffer.apply(key) else { return }
    if key == .up, let older = history.older(than: buffer) { buffer = older }
    if key == .down, let newer = history.newer() { buffer = newer }
  }

  /// Extends what stands before the cursor as far as all completions agree.
  private func completeWord(_ buffer: inout LineBuffer) {
    let candidates = complete(buffer.before)
    guard var common = candidates.first else { return }
    for candidate in candidates { common = common.commonPrefix(with: candidate) }
    guard common.count > buffer.before.count else {
      guard candidates.count > 1 else { return }
      drawAtEnd(buffer)
      terminal.write("\r\n" + candidates.joined(separator: "  ") + "\r\n")
      forgetDrawing()
      return
    }
    buffer.insert(String(common.dropFirst(buffer.before.count)))
  }

  /// ctrl-Z: gives the terminal back to the shell until the program is continued.
  private func suspend(_ buffer: LineBuffer) {
    drawAtEnd(buffer)
    terminal.write("\r\n")
    TerminalMode.restore()
    kill(0, SIGTSTP)
    TerminalMode.keys.enter(terminal)
    forgetDrawing()
  }

  // MARK: Drawing

  /// What comes next is drawn where the cursor is.
  private func forgetDrawing() {
    rowsAbove = 0
    drawn = (LineBuffer(), 0)
  }

  private func layout(_ buffer: LineBuffer) -> LineLayout {
    let size = terminal.size
    return LineLayout(
      buffer, prompt: prompt, continuation: continuation, columnCount: size.columns,
      rowLimit: size.rows - 1)
  }

  private func draw(_ buffer: LineBuffer) {
    let columnCount = terminal.size.columns
    if rowsAbove > 0 || !drawn.buffer.isEmpty, columnCount != drawn.columnCount {
      // The terminal has wrapped what was drawn anew.
      rowsAbove = layout(drawn.buffer).cursorRow
    }
    drawn = (buffer, columnCount)
    let layout = layout(buffer)
    var text = rowsAbove > 0 ? "\u{1B}[\(rowsAbove)A" : ""
    text += "\r\u{1B}[J" + layout.rows.joined(separator: "\r\n")
    let below = layout.rows.count - 1 - layout.cursorRow
    if below > 0 { text += "\u{1B}[\(below)A" }
    text += "\r"
    if layout.cursorColumn > 0 { text += "\u{1B}[\(layout.cursorColumn)C" }
    terminal.write(text)
    rowsAbove = layout.cursorRow
  }

  /// Draws with the cursor after the text, so that what comes next stands below it.
  private func drawAtEnd(_ buffer: LineBuffer) { draw(LineBuffer(buffer.text)) }
}

extension String {
  fileprivate func commonPrefix(with other: String) -> String {
    String(zip(self, other).prefix { $0 == $1 }.map(\.0))
  }
}
