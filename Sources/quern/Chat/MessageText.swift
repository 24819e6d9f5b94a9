/// How a message of several lines is written where Enter ends a line: each line but the last ends in a backslash, or
/// the whole stands between two `"""`.
enum MessageText {
  private static let quotes = "\"\"\""

  /// Whether more lines belong to it.
  static func isOpen(_ text: String) -> Bool {
    guard text.hasPrefix(quotes) else { return text.hasSuffix("\\") }
    return text.count < 2 * quotes.count || !text.hasSuffix(quotes)
  }

  /// What is meant by it.
  static func content(_ text: String) -> String {
    guard text.hasPrefix(quotes) else { return text.replacing("\\\n", with: "\n") }
    let inside = text.dropFirst(quotes.count)
    let content = inside.hasSuffix(quotes) ? inside.dropLast(quotes.count) : inside
    return String(content.hasPrefix("\n") ? content.dropFirst() : content)
  }
}
