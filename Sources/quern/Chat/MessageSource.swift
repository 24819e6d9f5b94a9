import Foundation
import LineEditing
import SystemPackage

/// Where the user's messages come from.
enum MessageSource {
  /// A person at a terminal.
  case editor(LineEditor)
  /// A pipe, a file, or a terminal that cannot be drawn on.
  case lines(prompt: String)

  /// - Parameter isQuiet: Whether nothing is to be said but answers.
  init(isQuiet: Bool) {
    if let terminal = Terminal() {
      self = .editor(
        LineEditor(
          terminal, history: LineHistory(path: Self.historyPath), isOpen: MessageText.isOpen,
          complete: SlashCommand.completions))
    } else {
      self = .lines(prompt: isatty(STDIN_FILENO) != 0 && !isQuiet ? "> " : "")
    }
  }

  /// The next message as it was written.
  func next() -> LineEditor.Outcome {
    switch self {
    case .editor(let editor): return editor.read()
    case .lines(let prompt):
      StandardError.write(prompt)
      guard var text = readLine() else { return .endOfInput }
      while MessageText.isOpen(text), let line = readLine() { text += "\n" + line }
      return .text(text)
    }
  }

  /// Runs `body`, which asks for messages and answers them.
  func conversation<Value>(_ body: () throws -> Value) rethrows -> Value {
    switch self {
    case .editor(let editor): try editor.conversation(body)
    case .lines: try body()
    }
  }

  var isEditor: Bool { if case .editor = self { true } else { false } }

  /// `~/.local/state/quern/history`, or where the user keeps such things.
  private static var historyPath: FilePath? {
    let environment = ProcessInfo.processInfo.environment
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
      return FilePath(state).appending("quern/history")
    }
    return environment["HOME"].map { FilePath($0).appending(".local/state/quern/history") }
  }
}
