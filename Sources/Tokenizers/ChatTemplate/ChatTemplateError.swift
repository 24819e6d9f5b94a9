/// Why a chat template cannot be read or does not render.
public enum ChatTemplateError: Error, Sendable, Hashable {
  /// The source breaks the grammar.
  case syntax(line: Int, expected: String, found: String)
  /// The grammar knows it, this engine does not.
  case unsupported(construct: String, line: Int)
  case unknownFilter(name: String)
  case unknownTest(name: String)
  /// Something that does not exist was used.
  case undefined(String)
  /// An operation met a value it does not work on.
  case type(operation: String, value: String)
  /// Changing a value, or looking behind it, is not allowed.
  case forbidden(String)
  case arithmetic(String)
  /// The template itself refuses the conversation, with its own words.
  case raised(String)
  /// Too many steps, too deep, too much text or memory, or too long a template.
  case limitExceeded(Limit)

  public enum Limit: String, Sendable, Hashable {
    case nesting, steps, output, memory, source
  }
}

extension ChatTemplateError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .syntax(let line, let expected, let found):
      "chat template, line \(line): expected \(expected), found \(found)"
    case .unsupported(let construct, let line):
      "chat template, line \(line): \(construct) is not supported"
    case .unknownFilter(let name): "chat template: no filter named \(name)"
    case .unknownTest(let name): "chat template: no test named \(name)"
    case .undefined(let what): "chat template: \(what) is undefined"
    case .type(let operation, let value): "chat template: \(operation) does not work on \(value)"
    case .forbidden(let what): "chat template: \(what) is not allowed"
    case .arithmetic(let what): "chat template: \(what)"
    case .raised(let message): "chat template: \(message)"
    case .limitExceeded(let limit): "chat template: too much (\(limit.rawValue))"
    }
  }
}
