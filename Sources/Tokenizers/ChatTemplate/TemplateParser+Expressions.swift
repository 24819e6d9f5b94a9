extension TemplateParser {
  mutating func expression() throws(ChatTemplateError) -> TemplateExpression {
    try nested { (parser) throws(ChatTemplateError) in
      let known = parser.unknown.count
      var value = try parser.disjunction()
      while parser.skip(word: "if") {
        let condition = try parser.disjunction()
        var otherwise: TemplateExpression?
        if parser.skip(word: "else") { otherwise = try parser.expression() }
        parser.unknown.removeLast(parser.unknown.count - known)
        value = .conditional(condition, then: value, otherwise: otherwise)
      }
      return value
    }
  }

  /// One expression, or several with commas between them.
  mutating func tupleExpression(allowsConditional: Bool = true) throws(ChatTemplateError)
    -> TemplateExpression
  {
    func item(_ parser: inout TemplateParser) throws(ChatTemplateError) -> TemplateExpression {
      allowsConditional ? try parser.expression() : try parser.disjunction()
    }
    let first = try item(&self)
    guard kind == .symbol(",") else { return first }
    var items = [first]
    while skip(symbol: ",") {
      if kind == .blockEnd || kind == .variableEnd || kind == .symbol(")") { break }
      items.append(try item(&self))
    }
    return .tuple(items)
  }

  private mutating func disjunction() throws(ChatTemplateError) -> TemplateExpression {
    var value = try conjunction()
    while skip(word: "or") { value = .or(value, try conjunction()) }
    return value
  }

  private mutating func conjunction() throws(ChatTemplateError) -> TemplateExpression {
    var value = try negation()
    while skip(word: "and") { value = .and(value, try negation()) }
    return value
  }

  private mutating func negation() throws(ChatTemplateError) -> TemplateExpression {
    guard skip(word: "not") else { return try comparison() }
    return .not(try nested { (parser) throws(ChatTemplateError) in try parser.negation() })
  }

  private mutating func comparison() throws(ChatTemplateError) -> TemplateExpression {
    let value = try sum()
    var steps: [(TemplateExpression.Comparison, TemplateExpression)] = []
    while true {
      if case .symbol(let symbol) = kind,
        let operation = TemplateExpression.Comparison(rawValue: symbol)
      {
        advance()
        steps.append((operation, try sum()))
      } else if skip(word: "in") {
        steps.append((.isIn, try sum()))
      } else if kind == .name("not"), following == .name("in") {
        advance()
        advance()
        steps.append((.isNotIn, try sum()))
      } else {
        return steps.isEmpty ? value : .comparison(value, steps)
      }
    }
  }

  private mutating func sum() throws(ChatTemplateError) -> TemplateExpression {
    var value = try concatenation()
    while true {
      if skip(symbol: "+") {
        value = .binary(.add, value, try concatenation())
      } else if skip(symbol: "-") {
        value = .binary(.subtract, value, try concatenation())
      } else {
        return value
      }
    }
  }

  private mutating func concatenation() throws(ChatTemplateError) -> TemplateExpression {
    var items = [try product()]
    while skip(symbol: "~") { items.append(try product()) }
    return items.count == 1 ? items[0] : .concatenation(items)
  }

  private mutating func product() throws(ChatTemplateError) -> TemplateExpression {
    var value = try power()
    while case .symbol(let symbol) = kind, ["*", "/", "//", "%"].contains(symbol),
      let operation = TemplateExpression.Operator(rawValue: symbol)
    {
      advance()
      value = .binary(operation, value, try power())
    }
    return value
  }

  private mutating func power() throws(ChatTemplateError) -> TemplateExpression {
    var value = try unary()
    while skip(symbol: "**") { value = .binary(.power, value, try unary()) }
    return value
  }

  private mutating func unary(withFilters: Bool = true) throws(ChatTemplateError)
    -> TemplateExpression
  {
    try nested { (parser) throws(ChatTemplateError) in
      var value: TemplateExpression
      if parser.skip(symbol: "-") {
        value = .negative(try parser.unary(withFilters: false))
      } else if parser.skip(symbol: "+") {
        value = .positive(try parser.unary(withFilters: false))
      } else {
        value = try parser.primary()
      }
      value = try parser.postfix(on: value)
      return withFilters ? try parser.filtersAndTests(on: value) : value
    }
  }

  private mutating func primary() throws(ChatTemplateError) -> TemplateExpression {
    let token = kind
    switch token {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return .literal(.bool(true))
      case "false", "False": return .literal(.bool(false))
      case "none", "None": return .literal(.none)
      case "caller", "kwargs", "varargs":
        if let used = macroNames.popLast() { macroNames.append(used.union([name])) }
        return .name(name)
      default: return .name(name)
      }
    case .string(var text):
      advance()
      while case .string(let more) = kind {
        text += more
        advance()
      }
      return .literal(.string(text))
    case .integer(let value):
      advance()
      return .literal(.integer(value))
    case .number(let value):
      advance()
      return .literal(.number(value))
    case .symbol("("):
      advance()
      if skip(symbol: ")") { return .tuple([]) }
      let value = try tupleExpression()
      try expect(symbol: ")")
      return value
    case .symbol("["):
      advance()
      return .list(try items(until: "]"))
    case .symbol("{"):
      advance()
      return try dictionary()
    default: throw failure("an expression")
    }
  }

  private mutating func items(until close: String) throws(ChatTemplateError) -> [TemplateExpression]
  {
    var items: [TemplateExpression] = []
    while !skip(symbol: close) {
      if !items.isEmpty {
        try expect(symbol: ",")
        if skip(symbol: close) { break }
      }
      items.append(try expression())
    }
    return items
  }

  private mutating func dictionary() throws(ChatTemplateError) -> TemplateExpression {
    var entries: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !skip(symbol: "}") {
      if !entries.isEmpty {
        try expect(symbol: ",")
        if skip(symbol: "}") { break }
      }
      let key = try expression()
      try expect(symbol: ":")
      entries.append((key, try expression()))
    }
    return .dictionary(entries)
  }

  // MARK: What follows a value

  private mutating func postfix(on start: TemplateExpression) throws(ChatTemplateError)
    -> TemplateExpression
  {
    var value = start
    while true {
      if skip(symbol: ".") {
        if case .integer(let number) = kind {
          advance()
          value = .element(value, .literal(.integer(number)))
        } else {
          value = .attribute(value, try name())
        }
      } else if skip(symbol: "[") {
        value = try subscripted(value)
      } else if kind == .symbol("(") {
        value = .call(value, try arguments())
      } else {
        return value
      }
    }
  }

  private mutating func subscripted(_ value: TemplateExpression) throws(ChatTemplateError)
    -> TemplateExpression
  {
    var bounds: [TemplateExpression?] = []
    var current: TemplateExpression?
    while !skip(symbol: "]") {
      if skip(symbol: ":") {
        bounds.append(current)
        current = nil
      } else if current == nil {
        current = try expression()
      } else {
        throw failure("]")
      }
    }
    if bounds.isEmpty {
      guard let current else { throw failure("an index") }
      return .element(value, current)
    }
    bounds.append(current)
    guard bounds.count <= 3 else { throw failure("a slice") }
    return .slice(value, from: bounds[0], to: bounds[1], by: bounds.count == 3 ? bounds[2] : nil)
  }

  mutating func arguments() throws(ChatTemplateError) -> TemplateExpression.Arguments {
    var arguments = TemplateExpression.Arguments()
    var isFirst = true
    try expect(symbol: "(")
    while !skip(symbol: ")") {
      if !isFirst {
        try expect(symbol: ",")
        if skip(symbol: ")") { break }
      }
      isFirst = false
      if kind == .symbol("*") || kind == .symbol("**") {
        throw .unsupported(construct: "unpacked arguments", line: line)
      }
      if case .name(let name) = kind, following == .symbol("=") {
        advance()
        advance()
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty else { throw failure("a named argument") }
        arguments.positional.append(try expression())
      }
    }
    return arguments
  }

  private mutating func filtersAndTests(on start: TemplateExpression) throws(ChatTemplateError)
    -> TemplateExpression
  {
    var value = start
    while true {
      if kind == .symbol("|") {
        value = try filters(on: value)
      } else if kind == .name("is") {
        value = try test(on: value)
      } else if kind == .symbol("(") {
        value = .call(value, try arguments())
      } else {
        return value
      }
    }
  }

  /// A chain of filters; `isFirstNamed` when the first stands without its bar.
  mutating func filters(
    on start: TemplateExpression?, isFirstNamed: Bool = false
  ) throws(ChatTemplateError) -> TemplateExpression {
    var value = start
    var isNamed = isFirstNamed
    repeat {
      if !isNamed { try expect(symbol: "|") }
      isNamed = false
      let name = try dottedName()
      if !isSoft, !TemplateRenderer.isFilter(name) { unknown.append(.unknownFilter(name: name)) }
      let arguments = kind == .symbol("(") ? try arguments() : .init()
      value = .filter(value, name, arguments)
    } while kind == .symbol("|")
    guard let value else { throw failure("a filter") }
    return value
  }

  private mutating func dottedName() throws(ChatTemplateError) -> String {
    var name = try name()
    while skip(symbol: ".") { name += "." + (try self.name()) }
    return name
  }

  private mutating func test(on value: TemplateExpression) throws(ChatTemplateError)
    -> TemplateExpression
  {
    advance()
    let isNegated = skip(word: "not")
    let name = try dottedName()
    if !isSoft, !TemplateRenderer.isTest(name) { unknown.append(.unknownTest(name: name)) }
    var arguments = TemplateExpression.Arguments()
    switch kind {
    case .symbol("("): arguments = try self.arguments()
    case .name("else"), .name("or"), .name("and"): break
    case .name("is"): throw failure("no second test")
    case .name, .string, .integer, .number, .symbol("["), .symbol("{"):
      // The one argument of a test needs no brackets.
      arguments.positional = [try postfix(on: primary())]
    default: break
    }
    return .test(value, name, arguments, negated: isNegated)
  }
}
