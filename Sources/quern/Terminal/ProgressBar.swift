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
      let lines = [
        line(done, kept, note, bar: true), line(done, kept, "", bar: true),
        line(done, kept, "", bar: false),
      ]
      let text = lines.first { $0.count <= room } ?? String(lines[2].prefix(max(0, room)))
      StandardError.write("\r\u{1B}[K" + text)
    } else {
      StandardError.writeLine(line(done, kept, note, bar: false))
    }
  }

  /// Seconds between two lines.
  private static let interval = StandardError.isTerminal ? 0.1 : 5

  /// Takes the bar away.
  func finish() {
    if isDrawn { StandardError.write("\r\u{1B}[K") }
    isDrawn = false
  }

  private func line(_ done: Int, _ kept: Int, _ note: String, bar: Bool) -> String {
    let seconds = max(Date().timeIntervalSince(start), 1e-3)
    let share = min(1, Double(done) / Double(total))
    let rate = Double(done - kept) / seconds
    let left = rate > 0 ? Double(total - done) / rate : 0
    let filled = Int(share * 24)
    let drawing =
      bar
      ? String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled) + " "
      : ""
    let place = note.isEmpty ? "" : note + "  "
    return "\(verb) \(drawing)\(Int(share * 100)) %  \(place)\(Quantities.bytes(done)) of "
      + "\(Quantities.bytes(total))  \(Quantities.bytes(Int(rate)))/s  "
      + "\(Quantities.duration(left)) left"
  }
}
