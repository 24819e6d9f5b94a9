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
  /// Loops around the current statement, up to the macro that holds it.
  var loops = 0
  /// Whether an unknown filter or test is an error only once it is reached, as inside `if`.
  var isSoft = false
  /// The unknown filters and tests that are errors in any case.
  var unknown: [ChatTemplateError] = []
  /// The special names that the macros around use, innermost last.
  var macroNames: [Set<String>] = []

  static func parse(_ source: String) throws(ChatTemplateError) -> [TemplateStatement] {
    var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: source))
    let statements = try parser.statements(until: [])
    guard parser.kind == .end else { throw parser.failure("the end") }
    if let error = parser.unknown.first { throw error }
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
  mutating func statements(until words: [String]) throws(ChatTemplateError)
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

  /// Runs a part of the parser where `if` around does not soften errors.
  mutating func hard<Result>(
    _ body: (inout TemplateParser) throws(ChatTemplateError) -> Result
  ) throws(ChatTemplateError) -> Result { try softness(false, body) }

  mutating func softness<Result>(
    _ isSoft: Bool, _ body: (inout TemplateParser) throws(ChatTemplateError) -> Result
  ) throws(ChatTemplateError) -> Result {
    let outer = self.isSoft
    self.isSoft = isSoft
    defer { self.isSoft = outer }
    return try body(&self)
  }

  /// The statements up to an end tag, and the tag.
  mutating func body(until word: String) throws(ChatTemplateError) -> [TemplateStatement] {
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
    case "if":
      return try softness(true) { (parser) throws(ChatTemplateError) in try parser.choice() }
    case "for": return try loop()
    case "set": return try assignment()
    case "macro":
      return .macro(try macro(name: name(), until: "endmacro"))
    case "call":
      return try callBlock()
    case "filter":
      return try hard { (parser) throws(ChatTemplateError) in
        let filter = try parser.filters(on: nil, isFirstNamed: true)
        return .filterBlock(filter, try parser.body(until: "endfilter"))
      }
    case "with": return try with()
    case "generation":
      return .generation(
        try hard { (parser) throws(ChatTemplateError) in try parser.body(until: "endgeneration") })
    case "block": return try block()
    case "break", "continue":
      guard loops > 0 else { throw .syntax(line: startLine, expected: "a loop", found: word) }
      try expect(.blockEnd, "%}")
      return word == "break" ? .breakLoop : .continueLoop
    case "include", "import", "from", "extends":
      while kind != .blockEnd, kind != .end { advance() }
      try expect(.blockEnd, "%}")
      return .refused("{% " + word + " %}")
    default: throw .unsupported(construct: "{% \(word) %}", line: startLine)
    }
  }

  mutating func callBlock() throws(ChatTemplateError) -> TemplateStatement {
    var parameters: [TemplateStatement.Parameter] = []
    if kind == .symbol("(") { parameters = try self.parameters() }
    let call = try expression()
    guard case .call = call else { throw failure("a call") }
    var body = try macroBody(name: "caller", parameters, until: "endcall")
    body.isCallBlock = true
    return .callBlock(body, call)
  }

  mutating func block() throws(ChatTemplateError) -> TemplateStatement {
    let name = try name()
    while case .name = kind { advance() }
    try expect(.blockEnd, "%}")
    let outer = loops
    loops = 0
    defer { loops = outer }
    let body = try hard { (parser) throws(ChatTemplateError) in
      try parser.statements(until: ["endblock"])
    }
    advance()
    if case .name = kind {
      guard skip(word: name) else { throw failure(name) }
    }
    try expect(.blockEnd, "%}")
    return .block(body)
  }
}
