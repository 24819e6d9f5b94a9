/// Escapes and classes.
extension PatternParser {
  mutating func escape(from start: Int) throws(PatternError) -> PatternSyntax {
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
  mutating func characterClass() throws(PatternError) -> ScalarSet {
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
