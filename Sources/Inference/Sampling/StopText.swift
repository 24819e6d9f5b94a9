/// Finds stop strings in text that comes in pieces.
///
/// Text that may still become a stop string is held back until it is clear. All is compared as bytes,
/// so that no composed character hides a stop string.
package struct StopText: Sendable {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []
  /// Whether a stop string has come; nothing is handed out after it.
  package private(set) var isStopped = false

  package init(_ stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }
  }

  /// Takes a piece of whole characters and returns the text that is certain now, perhaps none.
  ///
  /// Of stop strings that end in the same piece, the one that starts first counts.
  package mutating func take(_ piece: String) -> String {
    guard !stops.isEmpty else { return piece }
    guard !isStopped else { return "" }
    held += piece.utf8
    if let start = held.indices.first(where: { start in
      stops.contains { held[start...].starts(with: $0) }
    }) {
      isStopped = true
      return release(start)
    }
    // What the text ends with may be the start of a stop string.
    let start = held.indices.first { start in stops.contains { $0.starts(with: held[start...]) } }
    return release(start ?? held.count)
  }

  /// Returns what is held back, as no more text comes.
  package mutating func finish() -> String {
    isStopped ? "" : release(held.count)
  }

  private mutating func release(_ count: Int) -> String {
    defer { held.removeFirst(count) }
    return String(decoding: held[..<count], as: UTF8.self)
  }
}
