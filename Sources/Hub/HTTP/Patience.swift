import Foundation

/// How often and how long a failing request is tried again: twice as long each time, with chance in it so
/// that many clients do not come back together.
struct Patience {
  /// Tries that brought nothing, in a row.
  private(set) var failureCount = 0
  let limit: Int
  /// Seconds before the first of them.
  let firstPause: Double

  /// The longest a server may ask us to wait, in seconds.
  let longestWait: Double

  init(limit: Int, firstPause: Double, longestWait: Double) {
    self.limit = limit
    self.firstPause = firstPause
    self.longestWait = longestWait
  }

  /// Something came: the next failure is the first again.
  mutating func renew() { failureCount = 0 }

  /// Seconds until the next try, or `nil` when there is none.
  mutating func wait(after error: TransferError) -> Double? {
    guard error.mayPass, failureCount < limit else { return nil }
    let pause = min(20, firstPause * pow(2, Double(failureCount))) * .random(in: 0.75...1.25)
    failureCount += 1
    guard case .busy(_, let seconds?) = error else { return pause }
    return seconds <= longestWait ? max(seconds, pause) : nil
  }
}
