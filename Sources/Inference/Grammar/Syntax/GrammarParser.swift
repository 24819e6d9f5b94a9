/// Reads GBNF.
///
/// - Source: `grammars/README.md` and `src/llama-grammar.cpp` of llama.cpp (in llama-cpp-python 0.3.36). Beyond
///   it, `{,n}` is read, and errors are found that it lets pass: empty classes, reversed ranges, rules
///   that are defined twice.
struct GrammarParser {
  typealias Place = GrammarError.Place
  typealias Expression = GrammarSyntax.Expression

  /// Groups in groups, and repetitions of repetitions.
  static let maximumDepth = 128

  let scalars: [Unicode.Scalar]
  let tokens: any TokenNames
  var index = 0
  private var depth = 0
  /// Where each line starts.
  private let lineStarts: [Int]

  init(_ text: String, tokens: any TokenNames) {
    scalars = Array(text.unicodeScalars)
    self.tokens = tokens
    lineStarts = [0] + scalars.indices.filter { [scalars] in scalars[$0] == "\n" }.map { $0 + 1 }
  }

  mutating func parse() throws(GrammarError) -> GrammarSyntax {
    var syntax = GrammarSyntax()
    var places: [String: Place] = [:]
    skipSpace(newlines: true)
    while index < scalars.count {
      let rule = try rule()
      if let first = places.updateValue(rule.place, forKey: rule.name) {
        throw .duplicateRule(rule.place, name: rule.name, first: first)
      }
      syntax.rules.append(rule)
      skipSpace(newlines: true)
    }
    return syntax
  }

  private mutating func rule() throws(GrammarError) -> GrammarSyntax.Rule {
    let start = index
    guard let name = name() else { throw unexpected("the name of a rule") }
    skipSpace(newlines: false)
    guard scalars[index...].starts(with: "::=".unicodeScalars) else { throw unexpected("'::='") }
    index += 3
    skipSpace(newlines: true)
    let body = try choice(isNested: false)
    guard index == scalars.count || isNewline(scalars[index]) else {
      throw unexpected("a symbol, '|' or the end of the line")
    }
    return GrammarSyntax.Rule(name: name, place: place(of: start), body: body)
  }

  /// - Parameter isNested: Whether this is the inside of a group, where lines may end anywhere.
  private mutating func choice(isNested: Bool) throws(GrammarError) -> Expression {
    var alternatives = [try sequence(isNested: isNested)]
    while skip("|") {
      skipSpace(newlines: true)
      alternatives.append(try sequence(isNested: isNested))
    }
    return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
  }

  private mutating func sequence(isNested: Bool) throws(GrammarError) -> Expression {
    var items: [Expression] = []
    while let item = try symbol() {
      skipSpace(newlines: isNested)
      items.append(try repeated(item, isNested: isNested))
    }
    if let peek, "*+?{".unicodeScalars.contains(peek) { throw unexpected("a symbol to repeat") }
    return items.count == 1 ? items[0] : .sequence(items)
  }

  private mutating func symbol() throws(GrammarError) -> Expression? {
    guard let first = peek else { return nil }
    let start = index
    switch first {
    case "\"": return try literal()
    case "[": return try characterClass()
    case ".":
      index += 1
      return .set(.all)
    case "<", "!": return try token()
    case "(":
      try descend()
      defer { depth -= 1 }
      index += 1
      skipSpace(newlines: true)
      let inner = try choice(isNested: true)
      guard skip(")") else { throw unexpected("')'") }
      return inner
    default: return name().map { .rule(name: $0, place(of: start)) }
    }
  }

  // MARK: Repetition

  private mutating func repeated(
    _ item: Expression, isNested: Bool
  ) throws(GrammarError) -> Expression {
    var item = item
    var count = 0
    defer { depth -= count }
    while let mark = peek {
      let place = place(of: index)
      let bounds: (Int, Int?)
      switch mark {
      case "*": bounds = (0, nil)
      case "+": bounds = (1, nil)
      case "?": bounds = (0, 1)
      case "{": bounds = (0, nil)
      default: return item
      }
      try descend()
      count += 1
      index += 1
      let (least, most) = mark == "{" ? try self.bounds(place, isNested: isNested) : bounds
      item = .repetition(item, least: least, most: most, place)
      skipSpace(newlines: isNested)
    }
    return item
  }

  /// `m}`, `m,}`, `,n}` or `m,n}`.
  private mutating func bounds(
    _ place: Place, isNested: Bool
  ) throws(GrammarError) -> (Int, Int?) {
    skipSpace(newlines: isNested)
    let least = try number()
    skipSpace(newlines: isNested)
    if let least, skip("}") { return (least, least) }
    guard skip(",") else { throw unexpected(least == nil ? "a number or ','" : "',' or '}'") }
    skipSpace(newlines: isNested)
    let most = try number()
    skipSpace(newlines: isNested)
    guard skip("}") else { throw unexpected("'}'") }
    if least == nil && most == nil { throw .unexpected(place, found: "{", expected: "a bound") }
    if let most, let least, most < least {
      throw .reversedRepetition(place, least: least, most: most)
    }
    return (least ?? 0, most)
  }

  /// A number of the text, or nil where none starts.
  private mutating func number() throws(GrammarError) -> Int? {
    let start = index
    while let digit = peek, ("0"..."9").contains(digit) { index += 1 }
    guard index > start else { return nil }
    guard let value = Int(text(start..<index)) else {
      throw .tooLarge(place(of: start), limit: Grammar.maximumSize)
    }
    return value
  }

  // MARK: Reading

  var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  func text(_ range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[range])
    return String(view)
  }

  mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    index += 1
    return true
  }

  private mutating func descend() throws(GrammarError) {
    depth += 1
    guard depth <= Self.maximumDepth else {
      throw .tooDeep(place(of: index), limit: Self.maximumDepth)
    }
  }

  private mutating func name() -> String? {
    let start = index
    while let scalar = peek {
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "-": index += 1
      default: return index > start ? text(start..<index) : nil
      }
    }
    return index > start ? text(start..<index) : nil
  }

  private func isNewline(_ scalar: Unicode.Scalar) -> Bool { scalar == "\n" || scalar == "\r" }

  private mutating func skipSpace(newlines: Bool) {
    while let scalar = peek {
      if scalar == "#" {
        while let scalar = peek, !isNewline(scalar) { index += 1 }
      } else if scalar == " " || scalar == "\t" || (newlines && isNewline(scalar)) {
        index += 1
      } else {
        return
      }
    }
  }

  func unexpected(_ expected: String) -> GrammarError {
    .unexpected(place(of: index), found: peek.map(Character.init), expected: expected)
  }

  /// - Complexity: O(log lines).
  func place(of index: Int) -> Place {
    var line = 0
    var end = lineStarts.count
    while line + 1 < end {
      let middle = (line + end) / 2
      if lineStarts[middle] <= index { line = middle } else { end = middle }
    }
    return Place(line: line + 1, column: index - lineStarts[line] + 1)
  }
}
