import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a terminal treats what is typed.
public enum TerminalMode: Sendable {
  /// Every key comes at once, nothing is shown, ctrl-C is a key.
  case keys
  /// What is typed waits, unseen, for whoever reads next; ctrl-C is a signal.
  case quiet

  /// The settings to go back to, by whoever ends the program.
  private static let original = Mutex<(descriptor: Int32, settings: termios)?>(nil)

  /// Runs `body` in this mode.
  func during<Value>(_ terminal: Terminal, _ body: () throws -> Value) rethrows -> Value {
    enter(terminal)
    defer { Self.restore() }
    return try body()
  }

  func enter(_ terminal: Terminal) {
    var settings = termios()
    guard tcgetattr(terminal.input, &settings) == 0 else { return }
    let before = Self.original.withLock { original in
      if original == nil { original = (terminal.input, settings) }
      return original?.settings ?? settings
    }
    settings = before
    settings.c_lflag &= ~tcflag_t(ECHO)
    // In either mode Enter stays what it is, so that a message typed ahead is sent and not broken.
    settings.c_iflag &= ~tcflag_t(ICRNL | INLCR)
    if case .keys = self {
      settings.c_lflag &= ~tcflag_t(ICANON | ISIG | IEXTEN)
      settings.c_iflag &= ~tcflag_t(IXON)
    }
    tcsetattr(terminal.input, TCSADRAIN, &settings)
  }

  /// Puts the terminal back as it was found. May be called at any time, by any thread.
  public static func restore() {
    original.withLock { original in
      guard var found = original else { return }
      tcsetattr(found.descriptor, TCSADRAIN, &found.settings)
      original = nil
    }
  }
}
