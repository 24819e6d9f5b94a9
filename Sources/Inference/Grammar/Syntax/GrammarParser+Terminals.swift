/// What a grammar asks about a vocabulary.
package protocol TokenNames {
  var vocabularyCount: Int { get }
  /// The one token that a text is, as `<think>`.
  func token(named text: String) -> Int32?
}

extension GrammarParser {
  mutating func literal() throws(GrammarError) -> Expression {
    index += 1
    var literal: [Unicode.Scalar] = []
    while !skip("\"") { literal.append(try character("'\"'")) }
    return .literal(literal)
  }

  mutating func characterClass() throws(GrammarError) -> Expression {
    let start = place(of: index)
    index += 1
    let isNegated = skip("^")
    var ranges: [ClosedRange<UInt32>] = []
    while !skip("]") {
      let place = place(of: index)
      let low = try character("']'").value
      guard peek == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
        ranges.append(low...low)
        continue
      }
      index += 1
      let high = try character("']'").value
      guard low <= high else { throw .reversedRange(place) }
      ranges.append(low...high)
    }
    guard !ranges.isEmpty else { throw .emptyClass(start) }
    let set = ScalarRanges(ranges)
    return .set(isNegated ? set.complement : set)
  }

  /// One character of a literal or a class, perhaps escaped.
  private mutating func character(_ end: String) throws(GrammarError) -> Unicode.Scalar {
    guard let scalar = peek else { throw unexpected(end) }
    let start = index
    index += 1
    guard scalar == "\\" else { return scalar }
    guard let escape = peek else { throw unexpected("an escape") }
    index += 1
    switch escape {
    case "t": return "\t"
    case "r": return "\r"
    case "n": return "\n"
    case "\\", "\"", "[", "]", "-": return escape
    case "x": return try hexadecimal(2, from: start)
    case "u": return try hexadecimal(4, from: start)
    case "U": return try hexadecimal(8, from: start)
    default: throw .badEscape(place(of: start), found: text(start..<index))
    }
  }

  private mutating func hexadecimal(
    _ count: Int, from start: Int
  ) throws(GrammarError) -> Unicode.Scalar {
    let end = min(index + count, scalars.count)
    let digits = index..<end
    index = end
    guard digits.count == count, scalars[digits].allSatisfy(\.properties.isASCIIHexDigit),
      let value = UInt32(text(digits), radix: 16), let scalar = Unicode.Scalar(value)
    else { throw .badEscape(place(of: start), found: text(start..<end)) }
    return scalar
  }

  /// `<[12]>`, `<think>`, and either after `!`.
  mutating func token() throws(GrammarError) -> Expression {
    let isNegated = skip("!")
    let start = index
    guard skip("<") else { throw unexpected("'<'") }
    if skip("[") {
      let first = index
      while let digit = peek, ("0"..."9").contains(digit) { index += 1 }
      guard index > first else { throw unexpected("the id of a token") }
      let digits = text(first..<index)
      guard skip("]") else { throw unexpected("']'") }
      guard skip(">") else { throw unexpected("'>'") }
      guard let id = Int32(digits), Int(id) < tokens.vocabularyCount else {
        throw .tokenOutOfRange(
          place(of: start), id: digits, vocabularyCount: tokens.vocabularyCount)
      }
      return .token(id, isNegated: isNegated)
    }
    while let scalar = peek, scalar != ">" {
      guard scalar != "\n" else { break }
      index += 1
    }
    guard skip(">") else { throw unexpected("'>'") }
    let name = text(start..<index)
    guard let id = tokens.token(named: name) else {
      throw .notAToken(place(of: start), text: name)
    }
    return .token(id, isNegated: isNegated)
  }
}
