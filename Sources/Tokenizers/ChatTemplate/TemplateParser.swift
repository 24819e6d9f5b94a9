/// Reads the statements of a template.
///
/// - Source: the grammar of jinja2 3.1 `parser.py`, with the loop controls and the `generation` tag that
///   `transformers` adds.
struct TemplateParser {
  /// Brackets and statements inside each other; the parser and the renderer recurse.
  static let maximumDepth = 100

  private let tokens: [TemplateToken]
  private var index = 0
  private var depth = 0

  static func parse(_ source: String) throws(ChatTemplateError) -> [TemplateStatement] {
    var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: source))
    let statements = try parser.statements(until: [])
    guard parser.kind == .end else { throw parser.failure("the end") }
    return statements
  }

  private init(tokens: [TemplateToken]) { self.tokens = tokens }

  // MARK: Tokens

  var kind: TemplateToken.Kind { tokens[index].kind }
  var line: Int { tokens[index].line }

  /// The kind of the token after the current one.
  var following: TemplateToken.Kind { tokens[min(index + 1, tokens.count - 1)].kind }

  func failure(_ expected: String) -> ChatTemplateError {
    .syntax(line: line, expected: expected, found: tokens[index].spelling)
  }

  /// Moves on; the end token is never passed.
  mutating func advance() { if index < tokens.count - 1 { index += 1 } }

  mutating func skip(_ wanted: TemplateToken.Kind) -> Bool {
    guard kind == wanted else { return false }
    advance()
    return true
  }

  mutating func skip(symbol: String) -> Bool { skip(.symbol(symbol)) }
  mutating func skip(word: String) -> Bool { skip(.name(word)) }

  mutating func expect(_ wanted: TemplateToken.Kind, _ spelling: String) throws(ChatTemplateError) {
    guard skip(wanted) else { throw failure(spelling) }
  }

  mutating func expect(symbol: String) throws(ChatTemplateError) {
    try expect(.symbol(symbol), symbol)
  }

  mutating func name() throws(ChatTemplateError) -> String {
    guard case .name(let name) = kind else { throw failure("a name") }
    advance()
    return name
  }

  mutating func nested<Result>(
    _ body: (inout TemplateParser) throws(ChatTemplateError) -> Result
  ) throws(ChatTemplateError) -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw .limitExceeded(.nesting) }
    return try body(&self)
  }

  // MARK: Statements

  /// Statements up to a block that starts with one of the words; the word is the current token then.
  private mutating func statements(until words: [String]) throws(ChatTemplateError)
    -> [TemplateStatement]
  {
    try nested { (parser) throws(ChatTemplateError) in
      var statements: [TemplateStatement] = []
      while true {
        switch parser.kind {
        case .end:
          guard words.isEmpty else { throw parser.failure("{% \(words[words.count - 1]) %}") }
          return statements
        case .text(let text):
          parser.advance()
          statements.append(.text(text))
        case .variableBegin:
          parser.advance()
          statements.append(.output(try parser.tupleExpression()))
          try parser.expect(.variableEnd, "}}")
        case .blockBegin:
          parser.advance()
          if case .name(let word) = parser.kind, words.contains(word) { return statements }
          statements.append(try parser.statement())
        default: throw parser.failure("text or a tag")
        }
      }
    }
  }

  /// The statements up to an end tag, and the tag.
  private mutating func body(until word: String) throws(ChatTemplateError) -> [TemplateStatement] {
    try expect(.blockEnd, "%}")
    let body = try statements(until: [word])
    advance()
    try expect(.blockEnd, "%}")
    return body
  }

  private mutating func statement() throws(ChatTemplateError) -> TemplateStatement {
    let startLine = line
    let word = try name()
    switch word {
    case "if": return try choice()
    case "for": return try loop()
    case "set": return try assignment()
    case "macro":
      let macro = try self.macro(name: name(), until: "endmacro")
      return .macro(macro)
    case "call":
      var parameters: [TemplateStatement.Parameter] = []
      if kind == .symbol("(") { parameters = try self.parameters() }
      let call = try expression()
      let body = try body(until: "endcall")
      return .callBlock(.init(name: "caller", parameters: parameters, body: body), call)
    case "filter":
      let filter = try filters(on: nil, isFirstNamed: true)
      return .filterBlock(filter, try body(until: "endfilter"))
    case "with": return try with()
    case "generation": return .scope(try body(until: "endgeneration"))
    case "break":
      try expect(.blockEnd, "%}")
      return .breakLoop
    case "continue":
      try expect(.blockEnd, "%}")
      return .continueLoop
    default: throw .unsupported(construct: "{% \(word) %}", line: startLine)
    }
  }

  private mutating func choice() throws(ChatTemplateError) -> TemplateStatement {
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

  private mutating func loop() throws(ChatTemplateError) -> TemplateStatement {
    let target = try target()
    guard skip(word: "in") else { throw failure("in") }
    let items = try tupleExpression(allowsConditional: false)
    var condition: TemplateExpression?
    if skip(word: "if") { condition = try expression() }
    let isRecursive = skip(word: "recursive")
    try expect(.blockEnd, "%}")
    let body = try statements(until: ["else", "endfor"])
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

  private mutating func assignment() throws(ChatTemplateError) -> TemplateStatement {
    let target = try target(allowsAttribute: true)
    if skip(symbol: "=") {
      let value = try tupleExpression()
      try expect(.blockEnd, "%}")
      return .set(target, value)
    }
    let filter = kind == .symbol("|") ? try filters(on: nil) : nil
    return .setBlock(target, filter, try body(until: "endset"))
  }

  private mutating func with() throws(ChatTemplateError) -> TemplateStatement {
    var bindings: [(TemplateTarget, TemplateExpression)] = []
    while kind != .blockEnd {
      if !bindings.isEmpty { try expect(symbol: ",") }
      let target = TemplateTarget.name(try name())
      try expect(symbol: "=")
      bindings.append((target, try expression()))
    }
    return .with(bindings, try body(until: "endwith"))
  }

  private mutating func macro(name: String, until word: String) throws(ChatTemplateError)
    -> TemplateStatement.Macro
  {
    let parameters = try parameters()
    return .init(name: name, parameters: parameters, body: try body(until: word))
  }

  private mutating func parameters() throws(ChatTemplateError) -> [TemplateStatement.Parameter] {
    var parameters: [TemplateStatement.Parameter] = []
    try expect(symbol: "(")
    while !skip(symbol: ")") {
      if !parameters.isEmpty {
        try expect(symbol: ",")
        if skip(symbol: ")") { break }
      }
      var parameter = TemplateStatement.Parameter(name: try name())
      if skip(symbol: "=") { parameter.fallback = try expression() }
      parameters.append(parameter)
    }
    return parameters
  }

  private mutating func target(allowsAttribute: Bool = false) throws(ChatTemplateError)
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
