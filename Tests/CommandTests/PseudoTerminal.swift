import Foundation
import Testing

/// A program at a terminal of 60 columns, and the person before it.
final class PseudoTerminal {
  private let process = Process()
  private let descriptor: Int32
  /// All that the program has written so far.
  private(set) var screen = ""

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    let name: String
    (descriptor, name) = try Self.open()
    var size = winsize(ws_row: 20, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0)
    try #require(ioctl(descriptor, UInt(TIOCSWINSZ), &size) == 0)
    let other = try #require(FileHandle(forUpdatingAtPath: name))
    process.executableURL = try Program.executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(["TERM": "xterm"]) { $1 }.merging(environment) { $1 }
    process.standardInput = other
    process.standardOutput = other
    process.standardError = other
    try process.run()
  }

  /// - Returns: The person's end, and the name of the program's.
  private static func open() throws -> (Int32, String) {
    #if canImport(Darwin)
      let descriptor = posix_openpt(O_RDWR | O_NOCTTY)
      try #require(descriptor >= 0 && grantpt(descriptor) == 0 && unlockpt(descriptor) == 0)
      return (descriptor, String(cString: try #require(ptsname(descriptor))))
    #else
      // Swift's Glibc has no `posix_openpt`: these are TIOCSPTLCK and TIOCGPTN, of which it is made.
      let descriptor = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY)
      var lock: Int32 = 0
      var number: UInt32 = 0
      try #require(descriptor >= 0 && ioctl(descriptor, 0x4004_5431, &lock) == 0)
      try #require(ioctl(descriptor, 0x8004_5430, &number) == 0)
      return (descriptor, "/dev/pts/\(number)")
    #endif
  }

  deinit {
    if process.isRunning { process.terminate() }
    close(descriptor)
  }

  func type(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }

  /// Waits until the program has written `text` after what was waited for before.
  func wait(for text: String, _ location: SourceLocation = #_sourceLocation) throws {
    let end = Date() + 60
    while true {
      if let range = screen.range(of: text, range: seen..<screen.endIndex) {
        seen = range.upperBound
        return
      }
      guard Date() < end, let more = readMore() else { break }
      // Indices of a text that grows stay what they are in a count of UTF-8.
      let offset = screen.utf8.distance(from: screen.startIndex, to: seen)
      screen += more
      seen = screen.utf8.index(screen.startIndex, offsetBy: offset)
    }
    Issue.record("'\(text)' never came: \(screen.debugDescription)", sourceLocation: location)
    throw CancellationError()
  }

  private lazy var seen = screen.startIndex

  private func readMore() -> String? {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, 1000) >= 0 else { return nil }
    guard waiting.revents != 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }

  func terminate() { process.terminate() }

  /// Waits for the end of the program.
  func finish() -> Int32 {
    let end = Date() + 60
    while let _ = readMore(), process.isRunning, Date() < end {}
    if process.isRunning, Date() >= end {
      Issue.record("the program goes on: \(screen.debugDescription)")
      process.terminate()
    }
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : -1
  }
}
