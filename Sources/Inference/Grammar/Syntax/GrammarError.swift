internal import TensorCore

/// Why a grammar cannot be used, or a text cannot follow it further.
public enum GrammarError: Error, Hashable, Sendable {
  /// A place in the text of a grammar, both counted from 1; columns are Unicode scalars.
  public struct Place: Hashable, Sendable, CustomStringConvertible {
    public var line: Int
    public var column: Int
    public var description: String { "line \(line), column \(column)" }
  }

  case notUTF8
  case tooLong(byteCount: Int, limit: Int)
  /// `found` is nil at the end of the text.
  case unexpected(Place, found: Character?, expected: String)
  case badEscape(Place, found: String)
  /// A range whose end comes before its start.
  case reversedRange(Place)
  case emptyClass(Place)
  /// A repetition of more than its upper bound at least.
  case reversedRepetition(Place, least: Int, most: Int)
  case tooDeep(Place, limit: Int)
  case tooLarge(Place, limit: Int)
  case undefinedRule(Place, name: String)
  case duplicateRule(Place, name: String, first: Place)
  case noRoot
  /// The rules that call each other without reading a character; the first comes again at the end.
  case leftRecursion([String])
  /// `<text>` that is not one token of the vocabulary.
  case notAToken(Place, text: String)
  case tokenOutOfRange(Place, id: String, vocabularyCount: Int)

  /// No token of the vocabulary continues the text as the grammar wants it.
  case deadEnd(isCut: Bool)
  case forbiddenToken(Int32)
}

extension GrammarError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notUTF8: "the text is not UTF-8"
    case .tooLong(let count, let limit): "\(count) bytes of text, expected at most \(limit)"
    case .unexpected(let place, let found, let expected):
      "\(place): expected \(expected), found "
        + (found.map { "'\(String($0).printable)'" } ?? "the end")
    case .badEscape(let place, let found):
      "\(place): '\(found.printable)' is no escape of a Unicode scalar"
    case .reversedRange(let place): "\(place): the range ends before it starts"
    case .emptyClass(let place): "\(place): the class has no characters"
    case .reversedRepetition(let place, let least, let most):
      "\(place): a repetition of \(least) at least and \(most) at most"
    case .tooDeep(let place, let limit): "\(place): nested deeper than \(limit)"
    case .tooLarge(let place, let limit):
      "\(place): with its repetitions written out, the grammar has more than \(limit) parts"
    case .undefinedRule(let place, let name): "\(place): rule '\(name)' is not defined"
    case .duplicateRule(let place, let name, let first):
      "\(place): rule '\(name)' is defined already, at \(first)"
    case .noRoot: "there is no rule 'root'"
    case .leftRecursion(let rules):
      "left recursion: "
        + (rules.count > 8 ? rules.prefix(6) + ["…", rules[0]] : rules[...])
        .joined(separator: " -> ").printable
    case .notAToken(let place, let text):
      "\(place): '\(text.printable)' is not one token of the vocabulary"
    case .tokenOutOfRange(let place, let id, let count):
      "\(place): token \(id) is not in the vocabulary of \(count)"
    case .deadEnd(let isCut):
      "no token of the vocabulary continues the text as the grammar wants it"
        + (isCut ? "; the grammar is too ambiguous or too deep to follow all its ways" : "")
    case .forbiddenToken(let token): "token \(token) does not follow the grammar"
    }
  }
}
