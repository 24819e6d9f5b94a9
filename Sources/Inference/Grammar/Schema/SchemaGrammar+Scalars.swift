import Tokenizers

// MARK: Strings

extension SchemaGrammar {
  func string(_ node: SchemaNode) throws(SchemaError) -> Expression {
    let least = try node.count("minLength") ?? 0
    let most = try node.count("maxLength")
    if let most, most < least { throw .nothingConforms(at: node.place) }
    let isBounded = least > 0 || most != nil
    let format = try node.string("format").flatMap {
      JSONForms.formatNames.contains($0) ? $0 : nil
    }
    if let pattern = try node.string("pattern") {
      guard !isBounded, format == nil else {
        throw .unsupported(
          at: node.place, keyword: "pattern", why: "together with a length or a format")
      }
      return quoted(try StringPattern.expression(pattern, at: node.place))
    }
    if let format {
      guard !isBounded else {
        throw .unsupported(at: node.place, keyword: "format", why: "together with a length")
      }
      return quoted(JSONForms.rule(format))
    }
    guard isBounded else { return JSONForms.rule("string") }
    return quoted(JSONForms.times(JSONForms.rule("character"), least, most))
  }

  private func quoted(_ inside: Expression) -> Expression {
    .sequence([JSONForms.text("\""), inside, JSONForms.text("\"")])
  }
}

// MARK: Numbers

extension SchemaGrammar {
  /// The greatest integer that is written.
  private static let greatest = 9_999_999_999_999_999
  /// The greatest bound near which six decimals are still exact enough to keep it.
  private static let greatestOfFractions = 1_000_000_000

  func integer(_ node: SchemaNode) throws(SchemaError) -> Expression {
    let bounds = try bounds(node)
    guard bounds.integers.0 <= bounds.integers.1 else { throw .nothingConforms(at: node.place) }
    return integers(bounds.integers.0, bounds.integers.1)
  }

  /// Numbers without bounds as JSON has them; with bounds, integers and up to six decimals, of which
  /// one of the first three is not zero.
  func number(_ node: SchemaNode) throws(SchemaError) -> Expression {
    guard node.has(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]) else {
      return JSONForms.rule("number")
    }
    let bounds = try bounds(node)
    let (low, high) = bounds.integers
    var ways: [Expression] = low <= high ? [integers(low, high)] : []
    // A fraction lies between two integers, and both are within the bounds or equal to them.
    let limit = Self.greatestOfFractions
    let (floor, ceiling) = (max(bounds.closed.0, -limit), min(bounds.closed.1, limit))
    if floor < ceiling {
      let digits = JSONForms.set("0123456789")
      let fraction = Expression.sequence([
        JSONForms.text("."), JSONForms.times(JSONForms.text("0"), 0, 2),
        JSONForms.set("123456789"), JSONForms.times(digits, 0, 3),
      ])
      if ceiling > 0 {
        ways.append(.sequence([naturals(max(floor, 0), ceiling - 1), fraction]))
      }
      if floor < 0 {
        ways.append(
          .sequence([JSONForms.text("-"), naturals(max(-ceiling, 0), -floor - 1), fraction]))
      }
    }
    if ways.isEmpty { throw .nothingConforms(at: node.place) }
    return .choice(ways)
  }

  /// The integers that conform, and the integers that bound what conforms.
  private func bounds(
    _ node: SchemaNode
  ) throws(SchemaError) -> (integers: (Int, Int), closed: (Int, Int)) {
    var integers = (-Self.greatest, Self.greatest)
    var closed = integers
    for keyword in ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"] {
      guard let value = node[keyword] else { continue }
      guard let bound = value.finite else {
        throw .badValue(at: node.place, keyword: keyword, expected: "a number")
      }
      let isLower = keyword.hasSuffix("inimum")
      let inner = Self.clamped(value.whole ?? Self.clamp(bound, up: isLower))
      let isExcluded = keyword.hasPrefix("exclusive") && value.whole != nil
      if isLower {
        integers.0 = max(integers.0, isExcluded ? inner + 1 : inner)
        closed.0 = max(closed.0, inner)
      } else {
        integers.1 = min(integers.1, isExcluded ? inner - 1 : inner)
        closed.1 = min(closed.1, inner)
      }
    }
    return (integers, closed)
  }

  /// One beyond what is written, so that such a bound leaves all or nothing.
  private static func clamped(_ value: Int) -> Int { max(-greatest - 1, min(value, greatest + 1)) }

  private static func clamp(_ bound: Double, up: Bool) -> Int {
    let limit = Double(greatest) + 1
    return Int(max(-limit, min(bound.rounded(up ? .up : .down), limit)))
  }

  /// The integers of `low...high`, the sign and the digits that JSON wants.
  private func integers(_ low: Int, _ high: Int) -> Expression {
    var ways: [Expression] = []
    if low < 0 {
      ways.append(.sequence([JSONForms.text("-"), naturals(max(1, -high), -low)]))
    }
    if high >= 0 { ways.append(naturals(max(0, low), high)) }
    return ways.count == 1 ? ways[0] : .choice(ways)
  }

  /// The numbers of `low...high` in decimal, neither below zero.
  private func naturals(_ low: Int, _ high: Int) -> Expression {
    var ways: [Expression] = []
    var low = low
    while low <= high {
      // As many digits at a time.
      let count = String(low).count
      var end = 9
      for _ in 1..<count { end = end * 10 + 9 }
      end = min(end, high)
      ways.append(Self.digits(Self.digits(of: low), Self.digits(of: end)))
      low = end + 1
    }
    return .choice(ways)
  }

  private static func digits(of number: Int) -> ArraySlice<UInt32> {
    String(number).unicodeScalars.map(\.value)[...]
  }

  /// The numbers from one to another of as many digits.
  private static func digits(_ low: ArraySlice<UInt32>, _ high: ArraySlice<UInt32>) -> Expression {
    guard let first = low.first, let last = high.first else { return .sequence([]) }
    let rest = (low.dropFirst(), high.dropFirst())
    let nines = rest.0.map { _ in UInt32(0x39) }[...]
    let zeros = rest.0.map { _ in UInt32(0x30) }[...]
    func from(_ digit: ClosedRange<UInt32>, _ tail: Expression) -> Expression {
      .sequence([.set(ScalarRanges([digit])), tail])
    }
    let any = JSONForms.times(JSONForms.set("0123456789"), rest.0.count, rest.0.count)
    let fromZero = rest.0.elementsEqual(zeros)
    let toNine = rest.1.elementsEqual(nines)
    if fromZero && toNine { return from(first...last, any) }
    if first == last { return from(first...first, digits(rest.0, rest.1)) }
    var ways: [Expression] = []
    var middle = (first, last)
    if !fromZero {
      ways.append(from(first...first, digits(rest.0, nines)))
      middle.0 += 1
    }
    if !toNine { middle.1 -= 1 }
    if middle.0 <= middle.1 { ways.append(from(middle.0...middle.1, any)) }
    if !toNine { ways.append(from(last...last, digits(zeros, rest.1))) }
    return .choice(ways)
  }
}
