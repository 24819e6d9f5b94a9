extension TemplateRenderer {
  /// Whether `value is name`.
  func test(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> Bool
  {
    try arguments.check(name, Self.parameters(of: name), required: Self.parameters(of: name).count)
    switch name {
    case "defined": return !value.isUndefined
    case "undefined": return value.isUndefined
    case "none": if case .none = value { return true } else { return false }
    case "boolean": if case .bool = value { return true } else { return false }
    case "true": if case .bool(true) = value { return true } else { return false }
    case "false": if case .bool(false) = value { return true } else { return false }
    case "integer": if case .integer = value { return true } else { return false }
    case "float": if case .number = value { return true } else { return false }
    case "number": return value.asDouble != nil
    case "string": return value.text != nil
    case "mapping": if case .dictionary = value { return true } else { return false }
    case "callable":
      switch value {
      case .callable, .loop, .undefined: return true
      default: return false
      }
    case "iterable": return Self.isIterable(value)
    case "sequence":
      switch value {
      case .string, .markup, .list, .tuple, .dictionary, .range, .undefined: return true
      default: return false
      }
    case "lower", "upper": return TextClass.holds("is" + name, try spelled(value))
    case "odd", "even", "divisibleby": return try testNumber(name, value, arguments)
    case "filter", "test":
      if value.isUndefined { return false }
      guard case .text(let key) = try JinjaKey(value) else { return false }
      return name == "filter" ? Self.isFilter(key.text) : Self.isTest(key.text)
    case "escaped": return value.isMarkup
    default: return try testPair(name, value, arguments)
    }
  }

  private static func isIterable(_ value: JinjaValue) -> Bool {
    switch value {
    case .none, .bool, .integer, .number, .namespace, .callable, .cycler: false
    default: true
    }
  }

  private func testNumber(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> Bool
  {
    if case .undefined(let what) = value { throw .undefined(what) }
    let divisor = name == "divisibleby" ? arguments[0, "num"] ?? .none : .integer(2)
    let rest = try Arithmetic.apply(.remainder, value, divisor, limit: maximumBytes)
    guard rest.asDouble != nil else { throw .type(operation: "is " + name, value: value.typeName) }
    return rest.isEqual(to: .integer(name == "odd" ? 1 : 0))
  }

  private func testPair(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> Bool
  {
    let comparison: TemplateExpression.Comparison
    switch name {
    case "eq", "equalto", "==", "sameas": comparison = .equal
    case "ne", "!=": comparison = .notEqual
    case "lt", "lessthan", "<": comparison = .less
    case "le", "<=": comparison = .lessOrEqual
    case "gt", "greaterthan", ">": comparison = .greater
    case "ge", ">=": comparison = .greaterOrEqual
    case "in": comparison = .isIn
    default: throw .unknownTest(name: name)
    }
    guard let other = arguments.positional.first else {
      throw .type(operation: "is " + name, value: "nothing")
    }
    if name == "sameas" { return Self.isSame(value, other) }
    try spend(comparing: value, other, comparison)
    return try Arithmetic.compare(comparison, value, other)
  }

  /// Identity, as far as values of Python that are made anew can tell.
  private static func isSame(_ value: JinjaValue, _ other: JinjaValue) -> Bool {
    switch (value, other) {
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.bool, _), (_, .bool), (.number, _), (_, .number), (.undefined, _), (_, .undefined): false
    default: value.isEqual(to: other)
    }
  }

  private static func parameters(of test: String) -> [String] {
    switch test {
    case "divisibleby": ["num"]
    case "sameas": ["other"]
    case "in": ["seq"]
    case "eq", "equalto", "==", "ne", "!=", "lt", "lessthan", "<", "le", "<=", "gt", "greaterthan",
      ">", "ge", ">=":
      [""]
    default: []
    }
  }

  private static let testNames: Set<String> = [
    "defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number",
    "string", "mapping", "callable", "iterable", "sequence", "lower", "upper", "odd", "even",
    "divisibleby", "filter", "test", "escaped", "eq", "equalto", "==", "sameas", "ne", "!=", "lt",
    "lessthan", "<", "le", "<=", "gt", "greaterthan", ">", "ge", ">=", "in",
  ]

  static func isTest(_ name: String) -> Bool { testNames.contains(name) }
}
