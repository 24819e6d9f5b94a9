#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A terminal that a person sits at: where its keys come from and where it is drawn.
public struct Terminal: Sendable {
  let input: Int32
  let output: Int32

  /// - Returns: `nil` unless both are terminals that can be drawn on.
  public init?(input: Int32 = STDIN_FILENO, output: Int32 = STDERR_FILENO) {
    guard isatty(input) != 0, isatty(output) != 0 else { return nil }
    let name = getenv("TERM").map { String(cString: $0) } ?? "dumb"
    guard name != "dumb", !name.isEmpty else { return nil }
    self.input = input
    self.output = output
  }

  /// Columns and rows, as they are now.
  var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return (80, 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        #if canImport(Glibc)
          let count = Glibc.write(output, bytes.baseAddress! + done, bytes.count - done)
        #else
          let count = Darwin.write(output, bytes.baseAddress! + done, bytes.count - done)
        #endif
        if count < 0 && errno != EINTR { return }
        done += max(0, count)
      }
    }
  }

  /// The next byte; `nil` at the end, or when none comes within `milliseconds`.
  func readByte(within milliseconds: Int32?) -> UInt8? {
    while true {
      if let milliseconds {
        var waiting = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
        let ready = poll(&waiting, 1, milliseconds)
        if ready < 0 && errno == EINTR { continue }
        guard ready > 0 else { return nil }
      }
      var byte: UInt8 = 0
      let count = read(input, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      return count == 1 ? byte : nil
    }
  }
}
