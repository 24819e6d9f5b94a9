import MappedFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where messages and progress go.
enum StandardError {
  static let isTerminal = isatty(STDERR_FILENO) != 0

  /// Characters that a line of the terminal holds, as it is now.
  static var columnCount: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  static func write(_ text: String) {
    var text = text
    _ = text.withUTF8 { bytes in writeAll(bytes, to: STDERR_FILENO) }
  }

  static func writeLine(_ text: String) { write(text + "\n") }
}

/// Where data goes.
enum StandardOutput {
  static let isTerminal = isatty(STDOUT_FILENO) != 0

  /// Writes without buffering, so that generated text appears as it is made.
  static func write(_ text: String) {
    var text = text
    guard text.withUTF8({ bytes in writeAll(bytes, to: STDOUT_FILENO) }) else {
      StandardError.writeLine("quern: standard output: \(String(cString: strerror(errno)))")
      Unfinished.discardAll()
      exit(EXIT_FAILURE)
    }
  }

  static func writeLine(_ text: String) { write(text + "\n") }
}

/// A reader that went away ends the program through SIGPIPE, as in any filter.
///
/// - Returns: Whether everything was written.
private func writeAll(_ bytes: UnsafeBufferPointer<UInt8>, to descriptor: Int32) -> Bool {
  var done = 0
  while done < bytes.count {
    let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
    if count < 0 && errno != EINTR { return false }
    done += max(0, count)
  }
  return true
}
