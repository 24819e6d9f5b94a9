/// A piece of a template's source.
struct TemplateToken {
  enum Kind: Equatable {
    case text(String)
    case blockBegin, blockEnd, variableBegin, variableEnd
    case name(String)
    case string(String)
    case integer(Int)
    case number(Double)
    case symbol(String)
    case end
  }

  var kind: Kind
  var line: Int

  var spelling: String {
    switch kind {
    case .text: "text"
    case .blockBegin: "{%"
    case .blockEnd: "%}"
    case .variableBegin: "{{"
    case .variableEnd: "}}"
    case .name(let name): name
    case .string: "a string"
    case .integer, .number: "a number"
    case .symbol(let symbol): symbol
    case .end: "the end"
    }
  }
}

/// Cuts a template into tokens, with `trim_blocks` and `lstrip_blocks` on, as the `transformers` library has them.
///
/// - Source: jinja2 3.1 `lexer.py`, for what the signs `-` and `+` take away.
struct TemplateLexer {
  private let source: [UInt8]
  private var offset = 0
  private var line = 1
  /// Whether what was read last ended a line.
  private var isLineStart = true
  private var tokens: [TemplateToken] = []

  static func tokens(of source: String) throws(ChatTemplateError) -> [TemplateToken] {
    var lexer = TemplateLexer(source)
    try lexer.run()
    return lexer.tokens
  }

  private init(_ text: String) {
    var bytes: [UInt8] = []
    var lastWasReturn = false
    for byte in text.utf8 {
      if byte == 0x0A, lastWasReturn {
        lastWasReturn = false
        continue
      }
      lastWasReturn = byte == 0x0D
      bytes.append(lastWasReturn ? 0x0A : byte)
    }
    if bytes.last == 0x0A { bytes.removeLast() }
    source = bytes
  }

  private func starts(with text: StaticString, at position: Int) -> Bool {
    guard position + text.utf8CodeUnitCount <= source.count else { return false }
    for index in 0..<text.utf8CodeUnitCount where source[position + index] != text.utf8Start[index]
    {
      return false
    }
    return true
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  private mutating func add(_ kind: TemplateToken.Kind) {
    tokens.append(TemplateToken(kind: kind, line: line))
  }

  private mutating func advance(to position: Int) {
    for byte in source[offset..<position] where byte == 0x0A { line += 1 }
    if position > offset { isLineStart = source[position - 1] == 0x0A }
    offset = position
  }

  private mutating func skipSpace() {
    var position = offset
    while position < source.count, Self.isSpace(source[position]) { position += 1 }
    advance(to: position)
  }

  // MARK: Text

  private mutating func run() throws(ChatTemplateError) {
    while offset < source.count {
      var open = offset
      while open < source.count,
        !(source[open] == UInt8(ascii: "{")
          && (starts(with: "{%", at: open) || starts(with: "{{", at: open)
            || starts(with: "{#", at: open)))
      { open += 1 }
      guard open < source.count else {
        addText(offset..<open)
        advance(to: open)
        break
      }
      let sign = open + 2 < source.count ? source[open + 2] : 0
      addText(trimmed(offset..<open, sign: sign, isVariable: starts(with: "{{", at: open)))
      advance(to: open)
      let isSigned = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
      try readTag(after: open + (isSigned ? 3 : 2))
    }
    add(.end)
  }

  private mutating func addText(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    add(.text(String(decoding: source[range], as: UTF8.self)))
  }

  /// Text before a tag without what the tag's sign, or the stripping of blocks, takes from its end.
  private func trimmed(_ range: Range<Int>, sign: UInt8, isVariable: Bool) -> Range<Int> {
    var end = range.upperBound
    if sign == UInt8(ascii: "-") {
      while end > range.lowerBound, Self.isSpace(source[end - 1]) { end -= 1 }
    } else if sign != UInt8(ascii: "+"), !isVariable {
      var lineStart = end
      while lineStart > range.lowerBound, source[lineStart - 1] != 0x0A { lineStart -= 1 }
      let isOwnLine = lineStart > range.lowerBound || isLineStart
      if isOwnLine, source[lineStart..<end].allSatisfy(Self.isSpace) { end = lineStart }
    }
    return range.lowerBound..<end
  }

  private mutating func readTag(after start: Int) throws(ChatTemplateError) {
    if starts(with: "{#", at: offset) {
      var close = start
      while close < source.count, !starts(with: "#}", at: close) { close += 1 }
      guard close < source.count else { throw failure("#}") }
      let sign = close > start ? source[close - 1] : 0
      advance(to: close + 2)
      trimAfterTag(sign: sign)
      return
    }
    if starts(with: "{%", at: offset), let raw = wordTag("raw", after: start) {
      return try readRaw(from: raw)
    }
    let isVariable = starts(with: "{{", at: offset)
    add(isVariable ? .variableBegin : .blockBegin)
    advance(to: start)
    try readExpression(isVariable: isVariable)
  }

  private mutating func trimAfterTag(sign: UInt8) {
    if sign == UInt8(ascii: "-") {
      skipSpace()
    } else if sign != UInt8(ascii: "+"), offset < source.count, source[offset] == 0x0A {
      advance(to: offset + 1)
    }
  }

  /// The end of a tag that is only a word, and the sign it closes with.
  private func wordTag(_ word: StaticString, after start: Int) -> (end: Int, sign: UInt8)? {
    var position = start
    while position < source.count, Self.isSpace(source[position]) { position += 1 }
    guard starts(with: word, at: position) else { return nil }
    position += word.utf8CodeUnitCount
    while position < source.count, Self.isSpace(source[position]) { position += 1 }
    var sign: UInt8 = 0
    if position < source.count,
      source[position] == UInt8(ascii: "-") || source[position] == UInt8(ascii: "+")
    {
      sign = source[position]
      position += 1
    }
    return starts(with: "%}", at: position) ? (position + 2, sign) : nil
  }

  private mutating func readRaw(from begin: (end: Int, sign: UInt8)) throws(ChatTemplateError) {
    advance(to: begin.end)
    if begin.sign == UInt8(ascii: "-") { skipSpace() }
    let start = offset
    var open = offset
    while open < source.count {
      if starts(with: "{%", at: open) {
        let sign = open + 2 < source.count ? source[open + 2] : 0
        let isSigned = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
        if let close = wordTag("endraw", after: open + (isSigned ? 3 : 2)) {
          addText(trimmed(start..<open, sign: sign, isVariable: false))
          advance(to: close.end)
          trimAfterTag(sign: close.sign)
          return
        }
      }
      open += 1
    }
    throw failure("{% endraw %}")
  }

  private func failure(_ expected: String) -> ChatTemplateError {
    let found = offset < source.count ? String(Unicode.Scalar(source[offset])) : "the end"
    return .syntax(line: line, expected: expected, found: found)
  }

  // MARK: Expressions

  private mutating func readExpression(isVariable: Bool) throws(ChatTemplateError) {
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

  private mutating func readNumber() throws(ChatTemplateError) {
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
