import Foundation

/// A bar with rate and time left on a terminal; a plain line every few seconds elsewhere.
///
/// One thread at a time may call it.
final class ProgressBar {
  private let verb: String
  private let total: Int
  private let enabled: Bool
  private let start = Date()
  private var drawn = Date()
  private var isDrawn = false

  /// - Parameters:
  ///   - verb: What is being done: `quantizing`.
  ///   - total: Bytes of the whole work.
  init(_ verb: String, total: Int, enabled: Bool) {
    self.verb = verb
    self.total = max(1, total)
    self.enabled = enabled
  }

  /// - Parameters:
  ///   - done: Bytes done so far.
  ///   - kept: Those of them that were there before, which say nothing of the rate.
  ///   - note: Where the work stands: `tensor 3 of 290`.
  func update(_ done: Int, kept: Int = 0, note: String = "") {
    guard enabled, Date().timeIntervalSince(drawn) > Self.interval else { return }
    drawn = Date()
    if StandardError.isTerminal {
      isDrawn = true
      // A line that wraps could not be drawn over.
      let room = StandardError.columnCount - 1
      let lines = [(24, note), (12, note), (24, ""), (12, ""), (0, "")].lazy.map { width, note in
        self.line(done, kept, note, width: width)
      }
      let text = lines.first { $0.count <= room } ?? String(lines[4].prefix(max(0, room)))
      StandardError.write("\r\u{1B}[K" + text)
    } else {
      StandardError.writeLine(line(done, kept, note, width: 0))
    }
  }

  /// Seconds between two lines.
  private static let interval = StandardError.isTerminal ? 0.1 : 5

  /// Takes the bar away.
  func finish() {
    if isDrawn { StandardError.write("\r\u{1B}[K") }
    isDrawn = false
  }

  /// - Parameter width: Characters of the bar; none without.
  private func line(_ done: Int, _ kept: Int, _ note: String, width: Int) -> String {
    let seconds = max(Date().timeIntervalSince(start), 1e-3)
    let share = min(1, Double(done) / Double(total))
    let rate = Double(done - kept) / seconds
    let left = rate > 0 ? Double(total - done) / rate : 0
    let filled = Int(share * Double(width))
    let bar =
      String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    return [
      verb, bar, "\(Int(share * 100)) %", note,
      "\(Quantities.bytes(done)) of \(Quantities.bytes(total))",
      "\(Quantities.bytes(Int(rate)))/s", "\(Quantities.duration(left)) left",
    ].filter { !$0.isEmpty }.joined(separator: "  ")
  }
}
