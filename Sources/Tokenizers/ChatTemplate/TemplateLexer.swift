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
  let source: [UInt8]
  private(set) var offset = 0
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

  func starts(with text: StaticString, at position: Int) -> Bool {
    guard position + text.utf8CodeUnitCount <= source.count else { return false }
    for index in 0..<text.utf8CodeUnitCount where source[position + index] != text.utf8Start[index]
    {
      return false
    }
    return true
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  mutating func add(_ kind: TemplateToken.Kind) {
    tokens.append(TemplateToken(kind: kind, line: line))
  }

  mutating func advance(to position: Int) {
    for byte in source[offset..<position] where byte == 0x0A { line += 1 }
    if position > offset { isLineStart = source[position - 1] == 0x0A }
    offset = position
  }

  mutating func skipSpace() {
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

  mutating func trimAfterTag(sign: UInt8) {
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

  func failure(_ expected: String) -> ChatTemplateError {
    let found = offset < source.count ? String(Unicode.Scalar(source[offset])) : "the end"
    return .syntax(line: line, expected: expected, found: found)
  }
}
