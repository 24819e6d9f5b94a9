/// What stands between the braces of a tag.
extension TemplateLexer {
  mutating func readExpression(isVariable: Bool) throws(ChatTemplateError) {
    var brackets: [UInt8] = []
    while true {
      skipSpace()
      guard offset < source.count else { throw failure(isVariable ? "}}" : "%}") }
      if brackets.isEmpty, closeTag(isVariable: isVariable) { return }
      let byte = source[offset]
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\""): try readString(quote: byte)
      case UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumber()
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "_"), 0x80...:
        readName()
      default: try readSymbol(&brackets)
      }
    }
  }

  private mutating func closeTag(isVariable: Bool) -> Bool {
    let sign = source[offset]
    let isSigned = sign == UInt8(ascii: "-") || (sign == UInt8(ascii: "+") && !isVariable)
    let close = offset + (isSigned ? 1 : 0)
    guard isVariable ? starts(with: "}}", at: close) : starts(with: "%}", at: close) else {
      return false
    }
    add(isVariable ? .variableEnd : .blockEnd)
    advance(to: close + 2)
    if isVariable {
      if isSigned { skipSpace() }
    } else {
      trimAfterTag(sign: isSigned ? sign : 0)
    }
    return true
  }

  private mutating func readName() {
    var end = offset
    while end < source.count {
      switch source[end] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "_"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
        end += 1
        continue
      default: break
      }
      break
    }
    add(.name(String(decoding: source[offset..<end], as: UTF8.self)))
    advance(to: end)
  }

  /// An integer such as `0x1F`; false, and nothing read, when none with a prefix is here.
  private mutating func readPrefixedNumber() throws(ChatTemplateError) -> Bool {
    guard source[offset] == UInt8(ascii: "0"), offset + 1 < source.count else { return false }
    let radixes: [UInt8: Int] = [
      UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2,
    ]
    guard let radix = radixes[source[offset + 1] | 0x20] else { return false }
    var digits = ""
    var end = offset + 2
    while end < source.count {
      let character = Character(Unicode.Scalar(source[end]))
      if character != "_" {
        guard Int(String(character), radix: radix) != nil else { break }
        digits.append(character)
      }
      end += 1
    }
    guard !digits.isEmpty else { return false }
    guard let value = Int(digits, radix: radix) else { throw failure("a number that fits") }
    add(.integer(value))
    advance(to: end)
    return true
  }

  private mutating func readNumber() throws(ChatTemplateError) {
    if try readPrefixedNumber() { return }
    var end = offset
    var isInteger = true
    func isDigit(_ at: Int) -> Bool {
      at < source.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(source[at])
    }
    func skipDigits() {
      while isDigit(end)
        || (end < source.count && source[end] == UInt8(ascii: "_") && isDigit(end + 1))
      {
        end += 1
      }
    }
    skipDigits()
    if end < source.count, source[end] == UInt8(ascii: "."), isDigit(end + 1) {
      isInteger = false
      end += 1
      skipDigits()
    }
    if end < source.count, source[end] | 0x20 == UInt8(ascii: "e") {
      let signed = end + 1 < source.count && [0x2B, 0x2D].contains(source[end + 1])
      if isDigit(end + (signed ? 2 : 1)) {
        isInteger = false
        end += signed ? 2 : 1
        skipDigits()
      }
    }
    let text = String(decoding: source[offset..<end].filter { $0 != 0x5F }, as: UTF8.self)
    if isInteger, let value = Int(text) {
      add(.integer(value))
    } else if !isInteger, let value = Double(text) {
      add(.number(value))
    } else {
      throw failure("a number that fits")
    }
    advance(to: end)
  }

  private mutating func readSymbol(_ brackets: inout [UInt8]) throws(ChatTemplateError) {
    let double: [StaticString] = ["==", "!=", ">=", "<=", "//", "**"]
    for symbol in double where starts(with: symbol, at: offset) {
      add(.symbol(symbol.description))
      return advance(to: offset + 2)
    }
    let byte = source[offset]
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): brackets.append(byte)
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
      // Opening brackets come one (round) or two codes before their closing ones.
      guard let open = brackets.popLast(), byte - open <= 2 else { throw failure("an expression") }
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"),
      UInt8(ascii: "%"), UInt8(ascii: "~"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "="), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "|"),
      UInt8(ascii: ","), UInt8(ascii: ";"):
      break
    default: throw failure("an expression")
    }
    add(.symbol(String(Unicode.Scalar(byte))))
    advance(to: offset + 1)
  }

  private mutating func readString(quote: UInt8) throws(ChatTemplateError) {
    var text: [UInt8] = []
    var position = offset + 1
    while position < source.count, source[position] != quote {
      if source[position] == 0x5C, position + 1 < source.count {
        position = unescape(at: position + 1, into: &text)
      } else {
        text.append(source[position])
        position += 1
      }
    }
    guard position < source.count else { throw failure("the end of the string") }
    add(.string(String(decoding: text, as: UTF8.self)))
    advance(to: position + 1)
  }

  /// Python's escapes; an unknown one stands for itself. Returns the offset behind it.
  private func unescape(at position: Int, into text: inout [UInt8]) -> Int {
    let simple: [UInt8: UInt8] = [
      0x6E: 0x0A, 0x74: 0x09, 0x72: 0x0D, 0x5C: 0x5C, 0x27: 0x27, 0x22: 0x22, 0x61: 0x07,
      0x62: 0x08, 0x66: 0x0C, 0x76: 0x0B,
    ]
    let byte = source[position]
    if let plain = simple[byte] {
      text.append(plain)
      return position + 1
    }
    if byte == 0x0A { return position + 1 }
    let digits: [UInt8: Int] = [0x78: 2, 0x75: 4, 0x55: 8]
    if let count = digits[byte], position + 1 + count <= source.count {
      let spelling = String(decoding: source[position + 1..<position + 1 + count], as: UTF8.self)
      if let value = UInt32(spelling, radix: 16), let scalar = Unicode.Scalar(value) {
        text += Array(String(scalar).utf8)
        return position + 1 + count
      }
    }
    if (0x30...0x37).contains(byte) {
      var end = position
      var value: UInt32 = 0
      while end < source.count, end < position + 3, (0x30...0x37).contains(source[end]) {
        value = value * 8 + UInt32(source[end] - 0x30)
        end += 1
      }
      if let scalar = Unicode.Scalar(value) { text += Array(String(scalar).utf8) }
      return end
    }
    text += [0x5C, byte]
    return position + 1
  }
}
