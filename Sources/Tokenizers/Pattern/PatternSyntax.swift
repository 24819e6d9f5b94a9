/// What a regular expression says, before it becomes a program.
indirect enum PatternSyntax: Sendable {
  enum Greed: Sendable { case greedy, lazy, possessive }
  enum Anchor: UInt8, Sendable {
    case start, end, endOrFinalNewline, lineStart, lineEnd, wordEdge, notWordEdge
  }

  case empty
  case one(ScalarSet)
  case sequence([PatternSyntax])
  case alternatives([PatternSyntax])
  case repeated(PatternSyntax, minimum: Int, maximum: Int?, Greed)
  case look(PatternSyntax, negated: Bool)
  case lookBehind(ScalarSet, negated: Bool)
  case atomic(PatternSyntax)
  case anchor(Anchor)

  var canBeEmpty: Bool {
    switch self {
    case .one: false
    case .empty, .look, .lookBehind, .anchor: true
    case .sequence(let items): items.allSatisfy(\.canBeEmpty)
    case .alternatives(let choices): choices.contains(where: \.canBeEmpty)
    case .repeated(let item, let minimum, _, _): minimum == 0 || item.canBeEmpty
    case .atomic(let item): item.canBeEmpty
    }
  }
}

/// Why a regular expression cannot be used.
enum PatternError: Error, Sendable, Hashable {
  case unexpected(character: String, offset: Int)
  case unexpectedEnd
  case unsupported(construct: String, offset: Int)
  case tooLarge(limit: Int)
}

/// Reads the regular expressions that `tokenizer.json` files hold: the Perl-like syntax of Oniguruma,
/// without back references, subroutine calls and class intersections.
struct PatternParser {
  /// Groups inside groups; deeper ones are refused, for the parser recurses.
  static let maximumDepth = 64
  static let maximumRepetition = 1024

  private let scalars: [Unicode.Scalar]
  private var offset = 0
  private var depth = 0
  private var ignoresCase = false

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
    let outerCase = ignoresCase
    defer { ignoresCase = outerCase }
    var choices: [PatternSyntax] = []
    repeat { choices.append(try sequence()) } while skip("|")
    return choices.count == 1 ? choices[0] : .alternatives(choices)
  }

  private mutating func sequence() throws(PatternError) -> PatternSyntax {
    var items: [PatternSyntax] = []
    while let scalar = peek, scalar != "|", scalar != ")" {
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
    case ".": return .one(ScalarSet(ranges: [0x0A...0x0A], isNegated: true))
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

  private func folded(_ set: ScalarSet) -> ScalarSet { ignoresCase ? set.ignoringCase() : set }

  private mutating func group(from start: Int) throws(PatternError) -> PatternSyntax {
    var wrap: (PatternSyntax) -> PatternSyntax? = { $0 }
    let outerCase = ignoresCase
    if skip("?") {
      if skip("=") {
        wrap = { .look($0, negated: false) }
      } else if skip("!") {
        wrap = { .look($0, negated: true) }
      } else if skip("<=") {
        wrap = { Self.single($0).map { .lookBehind($0, negated: false) } }
      } else if skip("<!") {
        wrap = { Self.single($0).map { .lookBehind($0, negated: true) } }
      } else if skip(">") {
        wrap = { .atomic($0) }
      } else if skip("i:") {
        ignoresCase = true
      } else if skip("-i:") {
        ignoresCase = false
      } else if skip("i)") {
        ignoresCase = true  // Until the end of the enclosing group, which restores it.
        return .empty
      } else if !skip(":") {
        throw .unsupported(construct: "(?" + (peek.map { String($0) } ?? ""), offset: start)
      }
    }
    let body = try alternatives()
    ignoresCase = outerCase
    guard skip(")") else { throw .unexpectedEnd }
    guard let wrapped = wrap(body) else {
      throw .unsupported(construct: "look-behind of more than one character", offset: start)
    }
    return wrapped
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
    default: return .one(folded(try escapedSet(from: start)))
    }
  }

  /// What follows a backslash, inside or outside a class.
  private mutating func escapedSet(from start: Int) throws(PatternError) -> ScalarSet {
    let scalar = try next()
    switch scalar {
    case "s": return ScalarSet(categories: ScalarCategories.whiteSpace)
    case "S": return ScalarSet(categories: ~ScalarCategories.whiteSpace & ScalarCategories.all)
    case "d": return ScalarSet(categories: ScalarCategories.decimalDigit)
    case "D": return ScalarSet(categories: ~ScalarCategories.decimalDigit & ScalarCategories.all)
    case "w": return ScalarSet(categories: ScalarCategories.word)
    case "W": return ScalarSet(categories: ~ScalarCategories.word & ScalarCategories.all)
    case "p", "P": return try property(negated: scalar == "P", from: start)
    case "n": return ScalarSet("\n")
    case "r": return ScalarSet("\r")
    case "t": return ScalarSet("\t")
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
    guard let mask = ScalarCategories.mask(named: name) else {
      throw .unsupported(construct: "\\p{" + name + "}", offset: start)
    }
    return ScalarSet(categories: isNegated ? ~mask & ScalarCategories.all : mask)
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

  private mutating func characterClass() throws(PatternError) -> ScalarSet {
    var set = ScalarSet()
    set.isNegated = skip("^")
    var isFirst = true
    while true {
      let start = offset
      var scalar = try next()
      if scalar == "]", !isFirst { return set }
      isFirst = false
      if scalar == "[" { throw .unsupported(construct: "nested class", offset: start) }
      if scalar == "&", peek == "&" { throw .unsupported(construct: "&&", offset: start) }
      if scalar == "\\" {
        let member = try escapedSet(from: start)
        guard let only = member.ranges.first, member.categories == 0 else {
          set.categories |= member.categories
          continue
        }
        scalar = Unicode.Scalar(only.lowerBound) ?? scalar
      }
      set.ranges.append(scalar.value...(try rangeEnd(from: scalar)).value)
    }
  }

  /// The last scalar of a range such as `a-z`, or the scalar itself when no range follows.
  private mutating func rangeEnd(from first: Unicode.Scalar) throws(PatternError) -> Unicode.Scalar
  {
    guard peek == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]" else { return first }
    let start = offset
    offset += 1
    var last = try next()
    if last == "\\" {
      let member = try escapedSet(from: start)
      guard let only = member.ranges.first, member.categories == 0 else {
        offset = start  // `[\w-\d]`: the hyphen is a plain character.
        return first
      }
      last = Unicode.Scalar(only.lowerBound) ?? last
    }
    guard first <= last else { throw .unexpected(character: "-", offset: start) }
    return last
  }
}
