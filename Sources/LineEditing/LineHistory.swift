public import SystemPackage

/// What was said before, newest last; kept in a file of one JSON string a line.
///
/// A file that cannot be read or written is no reason not to talk: the history then lasts as long as the program.
public struct LineHistory: Sendable {
  /// Entries kept at most.
  public static let limit = 1000

  public private(set) var entries: [String] = []
  private let path: FilePath?
  /// Where one is while browsing; the count of entries for the text that was being written.
  private var place = 0
  private var draft = LineBuffer()

  /// - Parameter path: The file; `nil` for a history that is not kept.
  public init(path: FilePath? = nil) {
    self.path = path
    entries = path.map { HistoryFile.read($0, limit: Self.limit) } ?? []
    place = entries.count
  }

  /// Adds an entry, unless it repeats the last one.
  public mutating func add(_ text: String) {
    place = entries.count
    guard !text.allSatisfy(\.isWhitespace), text != entries.last else { return }
    entries.append(text)
    if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    place = entries.count
    if let path { HistoryFile.append(text, to: path, keeping: entries) }
  }

  /// The entry before the one shown; `nil` at the oldest.
  mutating func older(than shown: LineBuffer) -> LineBuffer? {
    guard place > 0 else { return nil }
    if place == entries.count { draft = shown }
    place -= 1
    return LineBuffer(entries[place])
  }

  /// The entry after the one shown, in the end what was being written; `nil` after that.
  mutating func newer() -> LineBuffer? {
    guard place < entries.count else { return nil }
    place += 1
    return place == entries.count ? draft : LineBuffer(entries[place])
  }
}
