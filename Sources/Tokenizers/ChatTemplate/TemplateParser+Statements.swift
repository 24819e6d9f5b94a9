/// The statements that hold others.
extension TemplateParser {
  mutating func choice() throws(ChatTemplateError) -> TemplateStatement {
    var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
    while true {
      let condition = try tupleExpression()
      try expect(.blockEnd, "%}")
      branches.append((condition, try statements(until: ["elif", "else", "endif"])))
      let word = try name()
      if word == "elif" { continue }
      var otherwise: [TemplateStatement] = []
      if word == "else" {
        otherwise = try body(until: "endif")
      } else {
        try expect(.blockEnd, "%}")
      }
      return .choice(branches, otherwise: otherwise)
    }
  }

  mutating func loop() throws(ChatTemplateError) -> TemplateStatement {
    let target = try target()
    guard skip(word: "in") else { throw failure("in") }
    let items = try tupleExpression(allowsConditional: false)
    let outerSoftness = isSoft
    isSoft = false
    defer { isSoft = outerSoftness }
    var condition: TemplateExpression?
    if skip(word: "if") { condition = try expression() }
    let isRecursive = skip(word: "recursive")
    try expect(.blockEnd, "%}")
    loops += 1
    let body = try statements(until: ["else", "endfor"])
    loops -= 1
    var otherwise: [TemplateStatement] = []
    if try name() == "else" {
      otherwise = try self.body(until: "endfor")
    } else {
      try expect(.blockEnd, "%}")
    }
    return .loop(
      .init(
        target: target, items: items, condition: condition, isRecursive: isRecursive, body: body,
        otherwise: otherwise))
  }

  mutating func assignment() throws(ChatTemplateError) -> TemplateStatement {
    let target = try target(allowsAttribute: true)
    if skip(symbol: "=") {
      let value = try tupleExpression()
      try expect(.blockEnd, "%}")
      return .set(target, value)
    }
    return try hard { (parser) throws(ChatTemplateError) in
      let filter = parser.kind == .symbol("|") ? try parser.filters(on: nil) : nil
      return .setBlock(target, filter, try parser.body(until: "endset"))
    }
  }

  mutating func with() throws(ChatTemplateError) -> TemplateStatement {
    var bindings: [(TemplateTarget, TemplateExpression)] = []
    while kind != .blockEnd {
      if !bindings.isEmpty { try expect(symbol: ",") }
      let target = TemplateTarget.name(try name())
      try expect(symbol: "=")
      bindings.append((target, try expression()))
    }
    return .with(
      bindings, try hard { (parser) throws(ChatTemplateError) in try parser.body(until: "endwith") }
    )
  }

  mutating func macro(name: String, until word: String) throws(ChatTemplateError)
    -> TemplateStatement.Macro
  {
    let parameters = try parameters()
    return try macroBody(name: name, parameters, until: word)
  }

  mutating func macroBody(
    name: String, _ parameters: [TemplateStatement.Parameter], until word: String
  ) throws(ChatTemplateError) -> TemplateStatement.Macro {
    let outer = loops
    loops = 0
    defer { loops = outer }
    macroNames.append([])
    let body = try hard { (parser) throws(ChatTemplateError) in try parser.body(until: word) }
    let used = macroNames.removeLast()
    if let last = macroNames.popLast() { macroNames.append(last.union(used)) }
    let own = Set(parameters.map(\.name))
    return .init(
      name: name, parameters: parameters, body: body, usesCaller: used.contains("caller"),
      usesKeywords: used.contains("kwargs") && !own.contains("kwargs"),
      usesRest: used.contains("varargs") && !own.contains("varargs"))
  }

  mutating func parameters() throws(ChatTemplateError) -> [TemplateStatement.Parameter] {
    var parameters: [TemplateStatement.Parameter] = []
    try expect(symbol: "(")
    while !skip(symbol: ")") {
      if !parameters.isEmpty {
        try expect(symbol: ",")
        if skip(symbol: ")") { break }
      }
      var parameter = TemplateStatement.Parameter(name: try name())
      if skip(symbol: "=") {
        parameter.fallback = try expression()
      } else if parameters.last?.fallback != nil {
        throw failure("a default")
      }
      parameters.append(parameter)
    }
    return parameters
  }

  mutating func target(allowsAttribute: Bool = false) throws(ChatTemplateError)
    -> TemplateTarget
  {
    var targets = [try singleTarget(allowsAttribute: allowsAttribute)]
    var isTuple = false
    while skip(symbol: ",") {
      isTuple = true
      if case .name("in") = kind { break }
      if kind == .symbol("=") { break }
      targets.append(try singleTarget(allowsAttribute: allowsAttribute))
    }
    return isTuple ? .tuple(targets) : targets[0]
  }

  private mutating func singleTarget(allowsAttribute: Bool) throws(ChatTemplateError)
    -> TemplateTarget
  {
    if skip(symbol: "(") {
      let inner = try nested { (parser) throws(ChatTemplateError) in
        try parser.target(allowsAttribute: allowsAttribute)
      }
      try expect(symbol: ")")
      return inner
    }
    let name = try name()
    guard allowsAttribute, skip(symbol: ".") else { return .name(name) }
    return .attribute(name, try self.name())
  }
}
