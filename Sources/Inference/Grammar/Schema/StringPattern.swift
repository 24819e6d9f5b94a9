import Tokenizers

/// The regular expression of a `pattern`, as what stands between the quotes of a JSON string.
///
/// - Source: ECMA-262, section 22.2, as far as JSON Schema recommends it (2020-12, section 6.4): characters,
///   classes, groups, alternatives, quantifiers, and anchors at both ends. What looks around or back is
///   refused.
struct StringPattern {
  typealias Expression = GrammarSyntax.Expression

  private static let maximumDepth = 64

  let pattern: String
  let place: String
  let scalars: [Unicode.Scalar]
  var index = 0
  private var depth = 0

  /// - Throws: ``SchemaError/badPattern(at:pattern:offset:why:)``.
  static func expression(_ pattern: String, at place: String) throws(SchemaError) -> Expression {
    var parser = StringPattern(
      pattern: pattern, place: place, scalars: Array(pattern.unicodeScalars))
    let expression = try parser.alternatives(isWhole: true)
    guard parser.peek == nil else { throw parser.failure("an unmatched ')'") }
    return expression
  }

  private init(pattern: String, place: String, scalars: [Unicode.Scalar]) {
    self.pattern = pattern
    self.place = place
    self.scalars = scalars
  }

  // MARK: Structure

  /// - Parameter isWhole: Whether these are the whole pattern, which may begin and end anywhere in the
  ///   string unless anchors say otherwise.
  private mutating func alternatives(isWhole: Bool) throws(SchemaError) -> Expression {
    var ways: [Expression] = []
    repeat {
      let isStart = isWhole && skip("^")
      var items = try sequence()
      let isEnd = isWhole && skip("$")
      if isWhole {
        let anything = JSONForms.times(JSONForms.rule("character"), 0, nil)
        if !isStart { items.insert(anything, at: 0) }
        if !isEnd { items.append(anything) }
      }
      ways.append(.sequence(items))
    } while skip("|")
    return ways.count == 1 ? ways[0] : .choice(ways)
  }

  private mutating func sequence() throws(SchemaError) -> [Expression] {
    var items: [Expression] = []
    while let scalar = peek {
      switch scalar {
      case "|", ")", "$": return items
      case "(": items.append(try quantified(try group()))
      case "*", "+", "?", "{": throw failure("nothing to repeat")
      case "^": throw failure("an anchor that is not at the beginning")
      default: items.append(try quantified(Self.escaped(try one())))
      }
    }
    return items
  }

  private mutating func group() throws(SchemaError) -> Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else {
      throw failure("groups nested deeper than \(Self.maximumDepth)")
    }
    index += 1
    if skip("?"), !skip(":") { throw failure("a group that looks around or has a name") }
    let inner = try alternatives(isWhole: false)
    if peek == "$" { throw failure("an anchor that is not at the end") }
    guard skip(")") else { throw failure("a group without end") }
    return inner
  }

  private mutating func quantified(_ item: Expression) throws(SchemaError) -> Expression {
    let bounds: (Int, Int?)
    switch peek {
    case "*": bounds = (0, nil)
    case "+": bounds = (1, nil)
    case "?": bounds = (0, 1)
    case "{":
      index += 1
      guard let least = number() else { throw failure("a repetition without a number") }
      var most: Int? = least
      if skip(",") { most = number() }
      guard peek == "}", most.map({ $0 >= least }) ?? true else {
        throw failure("a repetition that is none")
      }
      bounds = (least, most)
    default: return item
    }
    index += 1
    // How eagerly makes no difference to what matches.
    _ = skip("?")
    if let peek, "*+?{".unicodeScalars.contains(peek) {
      throw failure("a repetition of a repetition")
    }
    return JSONForms.times(item, bounds.0, bounds.1)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let scalar = peek, ("0"..."9").contains(scalar) {
      value = min((value ?? 0) * 10 + Int(scalar.value - 48), 1 << 30)
      index += 1
    }
    return value
  }

  // MARK: Reading

  var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    index += 1
    return true
  }

  func failure(_ why: String) -> SchemaError {
    .badPattern(at: place, pattern: pattern, offset: index, why: why)
  }

  /// Characters of a set as JSON writes them.
  private static func escaped(_ set: ScalarRanges) -> Expression {
    let complement = ScalarRanges(set.complement.ranges + JSONForms.plain.complement.ranges)
    let plain = complement.complement
    var ways: [Expression] = plain.ranges.isEmpty ? [] : [.set(plain)]
    for range in JSONForms.plain.complement.ranges where range.upperBound <= 0x7F {
      for value in range where set.intersects(value, value) {
        guard let scalar = Unicode.Scalar(value) else { continue }
        ways.append(JSONForms.text(String(JSONForms.quoted(String(scalar)).dropFirst().dropLast())))
      }
    }
    return ways.count == 1 ? ways[0] : .choice(ways)
  }
}
