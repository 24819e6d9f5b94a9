/// Reads the regular expressions that `tokenizer.json` files hold: the Perl-like syntax of Oniguruma,
/// without back references, subroutine calls and what it calls absent.
struct PatternParser {
  /// Groups inside groups; deeper ones are refused, for the parser recurses.
  static let maximumDepth = 64
  static let maximumRepetition = 1024

  private let scalars: [Unicode.Scalar]
  private var offset = 0
  private var depth = 0
  /// What `(?imx)` turned on, until the end of the group.
  private struct Options {
    var ignoresCase = false
    var dotTakesNewlines = false
    var skipsSpace = false
  }

  private var options = Options()

  static func parse(_ source: String) throws(PatternError) -> PatternSyntax {
    var parser = PatternParser(scalars: Array(source.unicodeScalars))
    let syntax = try parser.alternatives()
    if let extra = parser.peek {
      throw .unexpected(character: String(extra), offset: parser.offset)
    }
    return syntax
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private var peek: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

  private mutating func next() throws(PatternError) -> Unicode.Scalar {
    guard let scalar = peek else { throw .unexpectedEnd }
    offset += 1
    return scalar
  }

  private mutating func skip(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard offset + wanted.count <= scalars.count,
      scalars[offset..<offset + wanted.count].elementsEqual(wanted)
    else { return false }
    offset += wanted.count
    return true
  }

  // MARK: Structure

  private mutating func alternatives() throws(PatternError) -> PatternSyntax {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw .tooLarge(limit: Self.maximumDepth) }
    let outer = options
    defer { options = outer }
    var choices: [PatternSyntax] = []
    repeat { choices.append(try sequence()) } while skip("|")
    return choices.count == 1 ? choices[0] : .alternatives(choices)
  }

  private mutating func sequence() throws(PatternError) -> PatternSyntax {
    var items: [PatternSyntax] = []
    while let scalar = peek, scalar != "|", scalar != ")" {
      if options.skipsSpace, skipComment(scalar) { continue }
      var item = try atom()
      while let quantified = try quantifier(on: item) { item = quantified }
      items.append(item)
    }
    return items.count == 1 ? items[0] : .sequence(items)
  }

  private mutating func quantifier(on item: PatternSyntax) throws(PatternError) -> PatternSyntax? {
    let minimum: Int
    let maximum: Int?
    var isInterval = false
    switch peek {
    case "*": (minimum, maximum) = (0, nil)
    case "+": (minimum, maximum) = (1, nil)
    case "?": (minimum, maximum) = (0, 1)
    case "{":
      guard let bounds = try interval() else { return nil }
      (minimum, maximum) = bounds
      isInterval = true
    default: return nil
    }
    if !isInterval { offset += 1 }
    var greed = PatternSyntax.Greed.greedy
    if skip("?") {
      // `a{3}?` is not a lazy `a{3}`, but one that may be left out.
      if isInterval, minimum == maximum {
        return .repeated(
          .repeated(item, minimum: minimum, maximum: maximum, .greedy), minimum: 0, maximum: 1,
          .greedy)
      }
      greed = .lazy
    } else if !isInterval, skip("+") {
      greed = .possessive
    }
    return .repeated(item, minimum: minimum, maximum: maximum, greed)
  }

  /// Reads `{3}`, `{1,3}`, `{,3}` or `{2,}`; nil, and nothing read, when the brace is a plain character.
  private mutating func interval() throws(PatternError) -> (Int, Int?)? {
    let start = offset
    offset += 1
    let low = try number()
    var high = low
    if skip(",") { high = try number() }
    guard skip("}"), low != nil || high != nil else {
      offset = start
      return nil
    }
    let minimum = low ?? 0
    if let high, high < minimum { throw .unexpected(character: "{", offset: start) }
    return (minimum, high)
  }

  private mutating func number() throws(PatternError) -> Int? {
    var value: Int?
    while let scalar = peek, ("0"..."9").contains(scalar) {
      value = (value ?? 0) * 10 + Int(scalar.value - 48)
      if value ?? 0 > Self.maximumRepetition { throw .tooLarge(limit: Self.maximumRepetition) }
      offset += 1
    }
    return value
  }

  private mutating func atom() throws(PatternError) -> PatternSyntax {
    let start = offset
    let scalar = try next()
    switch scalar {
    case "(": return try group(from: start)
    case "[": return .one(folded(try characterClass()))
    case ".": return .one(options.dotTakesNewlines ? .everything : .not(ScalarSet("\n")))
    case "^": return .anchor(.lineStart)
    case "$": return .anchor(.lineEnd)
    case "\\": return try escape(from: start)
    case "*", "+", "?": throw .unexpected(character: String(scalar), offset: start)
    case "{":
      offset = start
      if try interval() != nil { throw .unexpected(character: "{", offset: start) }
      offset = start + 1
      return .one(ScalarSet(scalar))
    default: return .one(folded(ScalarSet(scalar)))
    }
  }

  private func folded(_ set: ScalarSet) -> ScalarSet { options.ignoresCase ? .folded(set) : set }

  private mutating func skipComment(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar == "#" || scalar.properties.isWhitespace else { return false }
    if scalar == "#" { while let next = peek, next != "\n" { offset += 1 } } else { offset += 1 }
    return true
  }

  private mutating func group(from start: Int) throws(PatternError) -> PatternSyntax {
    var wrap: (PatternSyntax) -> PatternSyntax = { $0 }
    let outer = options
    if skip("?") {
      if skip("#") {
        while try next() != ")" {}
        return .empty
      } else if skip("=") {
        wrap = { .look($0, negated: false) }
      } else if skip("!") {
        wrap = { .look($0, negated: true) }
      } else if skip("<=") {
        wrap = { Self.lookBehind($0, negated: false) }
      } else if skip("<!") {
        wrap = { Self.lookBehind($0, negated: true) }
      } else if skip(">") {
        wrap = { .atomic($0) }
      } else if skip("<") {
        try groupName(until: ">", from: start)
      } else if skip("'") {
        try groupName(until: "'", from: start)
      } else if !skip(":") {
        try readOptions(from: start)
        if skip(")") {
          // Until the end of the enclosing group, alternatives included, and then as they were.
          let rest = try alternatives()
          options = outer
          return rest
        }
        guard skip(":") else {
          throw .unsupported(construct: "(?" + (peek.map { String($0) } ?? ""), offset: start)
        }
      }
    }
    let body = try alternatives()
    options = outer
    guard skip(")") else { throw .unexpectedEnd }
    return wrap(body)
  }

  private mutating func groupName(
    until end: Unicode.Scalar, from start: Int
  ) throws(PatternError) {
    var isEmpty = true
    while case let scalar = try next(), scalar != end {
      guard
        scalar == "_" || scalar.properties.isAlphabetic || !isEmpty && ("0"..."9").contains(scalar)
      else { throw .unsupported(construct: "(?<" + String(scalar), offset: start) }
      isEmpty = false
    }
    if isEmpty { throw .unsupported(construct: "(?<>", offset: start) }
  }

  private mutating func readOptions(from start: Int) throws(PatternError) {
    var isOn = true
    while let scalar = peek, scalar != ":", scalar != ")" {
      switch scalar {
      case "-": isOn = false
      case "i": options.ignoresCase = isOn
      case "m": options.dotTakesNewlines = isOn
      case "x": options.skipsSpace = isOn
      default: throw .unsupported(construct: "(?" + String(scalar), offset: start)
      }
      offset += 1
    }
  }

  private static func lookBehind(_ body: PatternSyntax, negated: Bool) -> PatternSyntax {
    if let set = single(body) { return .lookBehind(set, negated: negated) }
    return .lookBehindProgram(body, negated: negated)
  }

  private static func single(_ syntax: PatternSyntax) -> ScalarSet? {
    if case .one(let set) = syntax { set } else { nil }
  }

  // MARK: Escapes and classes

  private mutating func escape(from start: Int) throws(PatternError) -> PatternSyntax {
    switch peek {
    case "A": offset += 1; return .anchor(.start)
    case "z": offset += 1; return .anchor(.end)
    case "Z": offset += 1; return .anchor(.endOrFinalNewline)
    case "b": offset += 1; return .anchor(.wordEdge)
    case "B": offset += 1; return .anchor(.notWordEdge)
    case "O": offset += 1; return .one(.everything)
    case "N": offset += 1; return .one(.not(ScalarSet("\n")))
    case "R":
      offset += 1
      let returned = PatternSyntax.sequence([.one(ScalarSet("\r")), .one(ScalarSet("\n"))])
      return .atomic(
        .alternatives([returned, .one(.ranges([0x0A...0x0D, 0x85...0x85, 0x2028...0x2029]))]))
    default: return .one(folded(try escapedSet(from: start)))
    }
  }

  /// What follows a backslash, inside or outside a class.
  private mutating func escapedSet(
    from start: Int, isInClass: Bool = false
  ) throws(PatternError) -> ScalarSet {
    let scalar = try next()
    switch scalar {
    case "s": return PatternClass.whiteSpace
    case "S": return .not(PatternClass.whiteSpace)
    case "d": return PatternClass.digit
    case "D": return .not(PatternClass.digit)
    case "w": return isInClass ? PatternClass.classWord : PatternClass.word
    case "W": return .not(isInClass ? PatternClass.classWord : PatternClass.word)
    case "h": return PatternClass.hexDigit
    case "H": return .not(PatternClass.hexDigit)
    case "p", "P": return try property(negated: scalar == "P", from: start)
    case "n": return ScalarSet("\n")
    case "r": return ScalarSet("\r")
    case "t": return ScalarSet("\t")
    case "a": return ScalarSet("\u{07}")
    case "f": return ScalarSet("\u{0C}")
    case "v": return ScalarSet("\u{0B}")
    case "e": return ScalarSet("\u{1B}")
    case "x": return ScalarSet(try hexadecimal(digits: 2, from: start))
    case "u": return ScalarSet(try hexadecimal(digits: 4, from: start))
    case let other where other.properties.isAlphabetic || ("0"..."9").contains(other):
      throw .unsupported(construct: "\\" + String(other), offset: start)
    default: return ScalarSet(scalar)
    }
  }

  private mutating func property(negated: Bool, from start: Int) throws(PatternError) -> ScalarSet {
    var name = ""
    if skip("{") {
      while !skip("}") { name.unicodeScalars.append(try next()) }
    } else {
      name.unicodeScalars.append(try next())
    }
    var isNegated = negated
    if name.hasPrefix("^") {
      name.removeFirst()
      isNegated.toggle()
    }
    guard let set = PatternClass.property(name) else {
      throw .unsupported(construct: "\\p{" + name + "}", offset: start)
    }
    return isNegated ? .not(set) : set
  }

  private mutating func hexadecimal(digits: Int, from start: Int) throws(PatternError)
    -> Unicode.Scalar
  {
    var text = ""
    if skip("{") {
      while !skip("}") { text.unicodeScalars.append(try next()) }
    } else {
      for _ in 0..<digits { text.unicodeScalars.append(try next()) }
    }
    guard let value = UInt32(text, radix: 16), let scalar = Unicode.Scalar(value) else {
      throw .unexpected(character: text, offset: start)
    }
    return scalar
  }

  /// A class after its `[`, up to and with the `]`.
  private mutating func characterClass() throws(PatternError) -> ScalarSet {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw .tooLarge(limit: Self.maximumDepth) }
    let isNegated = skip("^")
    var operands: [ScalarSet] = []
    var members: [ScalarSet] = []
    var ranges: [ClosedRange<UInt32>] = []
    func union() -> ScalarSet {
      let all = members + (ranges.isEmpty ? [] : [.ranges(ranges)])
      return all.count == 1 ? all[0] : .any(all)
    }
    var isFirst = true
    while true {
      let start = offset
      var scalar = try next()
      if scalar == "]", !isFirst { break }
      isFirst = false
      if scalar == "[" {
        if let named = try bracketClass() {
          members.append(named)
        } else {
          members.append(try characterClass())
        }
        continue
      }
      if scalar == "&", skip("&") {
        operands.append(union())
        (members, ranges) = ([], [])
        continue
      }
      if scalar == "\\" {
        let member = try escapedSet(from: start, isInClass: true)
        guard let only = member.single else {
          members.append(member)
          continue
        }
        scalar = Unicode.Scalar(only) ?? scalar
      }
      ranges.append(scalar.value...(try rangeEnd(from: scalar)).value)
    }
    let set = operands.isEmpty ? union() : .all(operands + [union()])
    return isNegated ? .not(folded(set)) : set
  }

  /// Reads `[:alpha:]` after its first bracket; nil, and nothing read, when it is none.
  private mutating func bracketClass() throws(PatternError) -> ScalarSet? {
    let start = offset
    guard skip(":") else { return nil }
    let isNegated = skip("^")
    var name = ""
    while let scalar = peek, ("a"..."z").contains(scalar) {
      name.unicodeScalars.append(scalar)
      offset += 1
    }
    guard skip(":]") else {
      offset = start
      return nil
    }
    guard let set = PatternClass.bracket(name) else {
      throw .unsupported(construct: "[:" + name + ":]", offset: start)
    }
    return isNegated ? .not(set) : set
  }

  /// The last scalar of a range such as `a-z`, or the scalar itself when no range follows.
  private mutating func rangeEnd(from first: Unicode.Scalar) throws(PatternError) -> Unicode.Scalar
  {
    guard peek == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]",
      scalars[offset + 1] != "["
    else { return first }
    let start = offset
    offset += 1
    var last = try next()
    if last == "\\" {
      let member = try escapedSet(from: start, isInClass: true)
      guard let only = member.single else {
        offset = start  // `[\w-\d]`: the hyphen is a plain character.
        return first
      }
      last = Unicode.Scalar(only) ?? last
    }
    guard first <= last else { throw .unexpected(character: "-", offset: start) }
    return last
  }
}
