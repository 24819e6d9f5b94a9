extension TemplateRenderer {
  /// Whether `value is name`.
  func test(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> Bool
  {
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
    case "string": if case .string = value { return true } else { return false }
    case "mapping": if case .dictionary = value { return true } else { return false }
    case "callable": if case .callable = value { return true } else { return false }
    case "iterable", "sequence":
      switch value {
      case .string, .list, .tuple, .dictionary, .undefined: return true
      case .loop: return name == "iterable"
      default: return false
      }
    case "lower", "upper":
      let text = PythonText.string(value)
      let cased = text.unicodeScalars.filter(\.properties.isCased)
      return !cased.isEmpty
        && cased.allSatisfy {
          name == "lower" ? $0.properties.isLowercase : $0.properties.isUppercase
        }
    case "odd", "even", "divisibleby": return try testNumber(name, value, arguments)
    case "filter": return Self.filterNames.contains(PythonText.string(value))
    case "test": return Self.isTest(PythonText.string(value))
    case "escaped": return false
    default: return try testPair(name, value, arguments)
    }
  }

  private func testNumber(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> Bool
  {
    guard let number = value.asInteger else {
      throw .type(operation: "is " + name, value: value.typeName)
    }
    guard name == "divisibleby" else { return (number % 2 == 0) == (name == "even") }
    guard let divisor = arguments[0, "num"]?.asInteger, divisor != 0 else {
      throw .arithmetic("division by zero")
    }
    return number.remainderReportingOverflow(dividingBy: divisor).partialValue == 0
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
    if name == "sameas" {
      // Identity: values of different kinds are never the same, even 1 and true.
      switch (value, other) {
      case (.bool(let a), .bool(let b)): return a == b
      case (.bool, _), (_, .bool): return false
      default: break
      }
    }
    try spend(on: value)
    try spend(on: other)
    return try Arithmetic.compare(comparison, value, other)
  }

  private static let testNames: Set<String> = [
    "defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number",
    "string", "mapping", "callable", "iterable", "sequence", "lower", "upper", "odd", "even",
    "divisibleby", "filter", "test", "escaped", "eq", "equalto", "==", "sameas", "ne", "!=", "lt",
    "lessthan", "<", "le", "<=", "gt", "greaterthan", ">", "ge", ">=", "in",
  ]

  static func isTest(_ name: String) -> Bool { testNames.contains(name) }
}
