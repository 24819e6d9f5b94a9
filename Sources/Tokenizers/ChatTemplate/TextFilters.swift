extension TemplateRenderer {
  func textFilter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    switch name {
    case "indent": return try indented(value, arguments)
    case "truncate": return try truncated(value, arguments)
    case "xmlattr": return .string(try attributes(value, arguments))
    case "urlencode": return .string(try urlEncoded(value))
    case "pprint":
      let text = try representation(value)
      guard text.utf8.count < 80 else {
        throw .unsupported(construct: "pprint of long values", line: 0)
      }
      return .string(text)
    default: break
    }
    let text = try spelled(value)
    try make(text.utf8.count)
    switch name {
    case "safe": return .markup(text)
    case "escape", "e":
      return .markup(try escaped(value, text))
    case "forceescape":
      return .markup(try escaped(.string(text), text))
    case "striptags": return .string(HTMLText.withoutTags(text))
    case "wordcount": return .integer(Self.wordCount(text))
    case "title": return .string(Self.title(text))
    case "replace":
      guard let old = arguments[0, "old"], let new = arguments[1, "new"] else {
        throw .type(operation: "replace", value: "too few arguments")
      }
      let (before, after) = (try spelled(old), try spelled(new))
      let limit = try limit(arguments[2, "count"])
      try make(ScalarText.byteCount(text, replacing: before, with: after, limit: limit))
      return .string(ScalarText.replace(text, before, with: after, limit: limit))
    case "format":
      guard arguments.positional.isEmpty || arguments.named.isEmpty else {
        throw .type(operation: "format", value: "both kinds of arguments")
      }
      var fields = JinjaValue.tuple(arguments.positional)
      if !arguments.named.isEmpty {
        var dictionary = JinjaDictionary()
        for (name, value) in arguments.named { dictionary[name] = value }
        fields = .dictionary(dictionary)
      }
      let result = try PythonFormat.percent(text, fields, escapes: value.isMarkup, self)
      try make(result.utf8.count)
      return value.remade(result)
    case "center":
      let width = arguments[0, "width"] ?? .integer(80)
      return try TextMethods(
        "center", value, text, JinjaArguments(positional: [width]), self
      ).result()
    default:
      let method = name == "trim" ? "strip" : name
      let source = value.text == nil ? JinjaValue.string(text) : value
      let chars = arguments[0, "chars"].map { [$0] } ?? []
      return try TextMethods(method, source, text, JinjaArguments(positional: chars), self).result()
    }
  }

  private func escaped(_ value: JinjaValue, _ text: String) throws(ChatTemplateError) -> String {
    try make(text.utf8.count * 5)
    return HTMLText.escaped(value.isMarkup ? value : .string(text))
  }

  private func limit(_ value: JinjaValue?) throws(ChatTemplateError) -> Int {
    guard let value, !value.isNone else { return -1 }
    guard let number = value.asInteger else {
      throw .type(operation: "replace", value: value.typeName)
    }
    return number
  }

  private static func wordCount(_ text: String) -> Int {
    var count = 0
    var isInWord = false
    for scalar in text.unicodeScalars {
      let isWord =
        scalar == "_" || TextClass.holds("isalnum", String(scalar))
      if isWord, !isInWord { count += 1 }
      isInWord = isWord
    }
    return count
  }

  /// Capitals after white space, hyphens and opening brackets only, unlike `str.title`.
  private static func title(_ text: String) -> String {
    var result = ""
    var word = String.UnicodeScalarView()
    func close() {
      guard let first = word.first else { return }
      result += first.properties.uppercaseMapping
      result += ScalarText.lowercased(ScalarText.string(word.dropFirst()))
      word = .init()
    }
    for scalar in text.unicodeScalars {
      if PythonText.isSpace(scalar) || ["-", "(", "{", "[", "<"].contains(scalar) {
        close()
        result.unicodeScalars.append(scalar)
      } else {
        word.append(scalar)
      }
    }
    close()
    return result
  }

  private func indented(_ value: JinjaValue, _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> JinjaValue
  {
    guard let text = value.text else {
      if case .undefined(let what) = value { throw .undefined(what) }
      throw .type(operation: "indent", value: value.typeName)
    }
    var indent = "    "
    if let width = arguments[0, "width"] {
      if let text = width.text {
        indent = text
      } else {
        guard let count = width.asInteger else {
          throw .type(operation: "indent", value: width.typeName)
        }
        guard count <= PythonFormat.maximumWidth else { throw .limitExceeded(.output) }
        indent = String(repeating: " ", count: max(count, 0))
      }
    }
    let indentsFirst = arguments[1, "first"]?.isTrue == true
    let indentsBlank = arguments[2, "blank"]?.isTrue == true
    try spendScan(of: text)
    let lines = ScalarText.lines(text + "\n")
    let (total, overflow) = lines.count.multipliedReportingOverflow(by: indent.utf8.count)
    try make(overflow ? Int.max : total + text.utf8.count)
    let indented = lines.enumerated().map { index, line in
      let isIndented = index == 0 ? indentsFirst : indentsBlank || !line.isEmpty
      return isIndented ? indent + line : line
    }
    return value.remade(indented.joined(separator: "\n"))
  }

  private func truncated(_ value: JinjaValue, _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> JinjaValue
  {
    let length = arguments[0, "length"] ?? .integer(255)
    let leeway = arguments[3, "leeway"].flatMap { $0.isNone ? nil : $0 } ?? .integer(5)
    let end = arguments[2, "end"] ?? .string("...")
    guard let length = length.asInteger, let leeway = leeway.asInteger, let tail = end.text else {
      throw .type(operation: "truncate", value: "these arguments")
    }
    let kept = length - ScalarText.count(tail)
    guard kept >= 0, leeway >= 0 else { throw .arithmetic("a length too short") }
    if try count(of: value) <= length.addingReportingOverflow(leeway).partialValue { return value }
    guard let text = value.text else {
      throw .type(operation: "truncate", value: value.typeName)
    }
    var start = ScalarText.string(text.unicodeScalars.prefix(kept))
    if arguments[1, "killwords"]?.isTrue != true {
      start = ScalarText.splitFromEnd(start, separator: " ", limit: 1)[0]
    }
    return try Arithmetic.add(value.remade(start), end)
  }

  private func attributes(_ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> String
  {
    guard case .dictionary(let dictionary) = value else {
      throw .type(operation: "xmlattr", value: value.typeName)
    }
    var parts: [String] = []
    for entry in dictionary.entries where !entry.value.isNone && !entry.value.isUndefined {
      guard let key = entry.spelled.text,
        !key.unicodeScalars.contains(where: { " \t\n\r\u{0B}\u{0C}/>=".unicodeScalars.contains($0) }
        )
      else { throw .type(operation: "xmlattr", value: "a key") }
      try spend(on: entry.value)
      parts.append(HTMLText.escaped(key) + "=\"" + HTMLText.escaped(entry.value) + "\"")
      try make(parts[parts.count - 1].utf8.count)
    }
    let text = parts.joined(separator: " ")
    return arguments[0, "autospace"]?.isTrue != false && !text.isEmpty ? " " + text : text
  }

  private func urlEncoded(_ value: JinjaValue) throws(ChatTemplateError) -> String {
    var pairs: [JinjaValue] = []
    switch value {
    case .dictionary(let dictionary): pairs = dictionary.list(.items)
    case .list, .tuple, .view, .range, .generator, .undefined: pairs = try items(of: value)
    default: return Self.quoted(try spelled(value), isQuery: false)
    }
    var parts: [String] = []
    for pair in pairs {
      let pair = try items(of: pair)
      guard pair.count == 2 else { throw .type(operation: "urlencode", value: "no pair") }
      parts.append(
        Self.quoted(try spelled(pair[0]), isQuery: true) + "="
          + Self.quoted(try spelled(pair[1]), isQuery: true))
      try make(parts[parts.count - 1].utf8.count)
    }
    return parts.joined(separator: "&")
  }

  private static func quoted(_ text: String, isQuery: Bool) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2E, 0x2D, 0x7E: result.append(byte)
      case 0x2F where !isQuery: result.append(byte)
      case 0x20 where isQuery: result.append(0x2B)
      default:
        result += Array(("%" + PythonText.hexadecimal(UInt32(byte), digits: 2).uppercased()).utf8)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
