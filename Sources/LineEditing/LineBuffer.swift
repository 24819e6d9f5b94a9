/// A text being edited, and the place in it.
public struct LineBuffer: Hashable, Sendable {
  /// What stands before the cursor.
  public private(set) var before: String
  /// What stands after it.
  public private(set) var after: String
  /// What was deleted last as a piece.
  private var deleted = ""

  public init(_ text: String = "") {
    before = text
    after = ""
  }

  public var text: String { before + after }
  public var isEmpty: Bool { before.isEmpty && after.isEmpty }

  public mutating func insert(_ text: String) { before += text }

  /// Does what a key asks.
  ///
  /// - Returns: Whether the key is one of editing; up and down are not where there is no line to go to.
  public mutating func apply(_ key: Key) -> Bool {
    switch key {
    case .text(let text): insert(text)
    case .newline: insert("\n")
    case .left: moveBack(1)
    case .right: moveOn(1)
    case .wordLeft: moveBack(wordBefore)
    case .wordRight: moveOn(wordAfter)
    case .lineStart: moveBack(lineBefore.count)
    case .lineEnd: moveOn(lineAfter.count)
    case .up: return moveUp()
    case .down: return moveDown()
    case .deleteBackward: before = String(before.dropLast())
    case .deleteForward: after = String(after.dropFirst())
    case .deleteWordBackward: deleteBack(wordBefore)
    case .deleteWordForward: deleteOn(wordAfter)
    case .deleteToLineStart: deleteBack(lineBefore.count)
    case .deleteToLineEnd: deleteOn(lineAfter.count)
    case .yank: insert(deleted)
    default: return false
    }
    return true
  }

  // MARK: Places

  private var lineBefore: Substring {
    before.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
  }
  private var lineAfter: Substring { after.prefix { $0 != "\n" } }

  /// Characters back to the start of a word.
  private var wordBefore: Int {
    let characters = before.reversed()
    let gap = characters.prefix { !$0.isOfWord }.count
    return gap + characters.dropFirst(gap).prefix { $0.isOfWord }.count
  }

  /// Characters on to the end of a word.
  private var wordAfter: Int {
    let gap = after.prefix { !$0.isOfWord }.count
    return gap + after.dropFirst(gap).prefix { $0.isOfWord }.count
  }

  // MARK: Moves

  private mutating func moveBack(_ count: Int) {
    after = String(before.suffix(count)) + after
    before = String(before.dropLast(count))
  }

  private mutating func moveOn(_ count: Int) {
    before += after.prefix(count)
    after = String(after.dropFirst(count))
  }

  private mutating func moveUp() -> Bool {
    let column = lineBefore.count
    guard column < before.count else { return false }
    moveBack(column + 1)
    moveBack(max(0, lineBefore.count - column))
    return true
  }

  private mutating func moveDown() -> Bool {
    let column = lineBefore.count
    let rest = lineAfter.count
    guard rest < after.count else { return false }
    moveOn(rest + 1)
    moveOn(min(column, lineAfter.count))
    return true
  }

  // MARK: Deletions

  private mutating func deleteBack(_ count: Int) {
    deleted = String(before.suffix(count))
    before = String(before.dropLast(count))
  }

  private mutating func deleteOn(_ count: Int) {
    deleted = String(after.prefix(count))
    after = String(after.dropFirst(count))
  }
}

extension Character {
  fileprivate var isOfWord: Bool { isLetter || isNumber || self == "_" }
}
