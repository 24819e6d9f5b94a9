import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a terminal treats what is typed.
public enum TerminalMode: Sendable {
  /// Every key comes at once, nothing is shown, ctrl-C is a key, a pasted text is marked as one.
  case keys
  /// What is typed waits, unseen, for whoever reads next; ctrl-C is a signal.
  case quiet

  /// A terminal whose mode was changed.
  private struct Changed {
    let terminal: Terminal
    /// The settings to go back to.
    var original: termios
    var mode: TerminalMode
  }

  private static let changed = Mutex<Changed?>(nil)

  private static let pasteMarks = (on: "\u{1B}[?2004h", off: "\u{1B}[?2004l")

  /// Runs `body` in this mode, then goes back to the one before.
  func during<Value>(_ terminal: Terminal, _ body: () throws -> Value) rethrows -> Value {
    let before = Self.changed.withLock { $0?.mode }
    enter(terminal)
    defer { before.map { $0.enter(terminal) } ?? Self.restore() }
    return try body()
  }

  func enter(_ terminal: Terminal) {
    Self.changed.withLock { changed in
      var settings = termios()
      guard tcgetattr(terminal.input, &settings) == 0 else { return }
      let before = changed?.mode
      settings = changed?.original ?? settings
      changed = Changed(terminal: terminal, original: settings, mode: self)
      // What is typed ahead stays as it was typed: Enter is Enter, ctrl-D is a key.
      settings.c_lflag &= ~tcflag_t(ECHO | ICANON)
      settings.c_iflag &= ~tcflag_t(ICRNL | INLCR)
      if self == .keys {
        settings.c_lflag &= ~tcflag_t(ISIG | IEXTEN)
        settings.c_iflag &= ~tcflag_t(IXON)
      }
      tcsetattr(terminal.input, TCSADRAIN, &settings)
      if self == .keys {
        terminal.write(Self.pasteMarks.on)
      } else if before == .keys {
        terminal.write(Self.pasteMarks.off)
      }
    }
  }

  /// Puts the terminal back as it was found. May be called at any time, by any thread.
  public static func restore() {
    changed.withLock { changed in
      guard var found = changed else { return }
      if found.mode == .keys { found.terminal.write(pasteMarks.off) }
      tcsetattr(found.terminal.input, TCSADRAIN, &found.original)
      changed = nil
    }
  }
}
