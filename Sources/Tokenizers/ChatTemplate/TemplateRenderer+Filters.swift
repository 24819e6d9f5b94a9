extension TemplateRenderer {
  static let filterNames: Set<String> = [
    "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first",
    "float", "forceescape", "format", "indent", "int", "items", "join", "last", "length", "list",
    "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe",
    "select", "selectattr", "sort", "string", "sum", "title", "tojson", "trim", "unique", "upper",
    "wordcount",
  ]

  /// `value | name(arguments)`, with jinja2's rules.
  func filter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    switch name {
    case "default", "d":
      let applies =
        value.isUndefined || (arguments[1, "boolean"]?.isTrue == true && !value.isTrue)
      return applies ? arguments[0, "default_value"] ?? .string("") : value
    case "length", "count": return .integer(try count(of: value))
    default: break
    }
    try spend(on: value)
    switch name {
    case "safe", "string": return .string(PythonText.string(value))
    case "tojson": return .string(try json(value, arguments))
    case "attr":
      guard case .string(let attribute)? = arguments[0, "name"] else {
        throw .type(operation: "attr", value: "no name")
      }
      return try self.attribute(attribute, of: value)
    case "int", "float", "abs", "round": return try numberFilter(name, value, arguments)
    case "list", "first", "last", "reverse", "sort", "unique", "min", "max", "sum", "items",
      "dictsort", "join":
      return try listFilter(name, value, arguments)
    case "map", "select", "reject", "selectattr", "rejectattr":
      return try selectionFilter(name, value, arguments)
    default: return .string(try textFilter(name, PythonText.string(value), arguments))
    }
  }

  private func count(of value: JinjaValue) throws(ChatTemplateError) -> Int {
    switch value {
    case .undefined: return 0
    case .string(let text):
      try spend(text.utf8.count)
      return ScalarText.count(text)
    case .list(let items), .tuple(let items): return items.count
    case .dictionary(let dictionary): return dictionary.count
    case .loop(let loop): return loop.items.count
    default: throw .type(operation: "length", value: value.typeName)
    }
  }

  private func json(_ value: JinjaValue, _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> String
  {
    // The parameters are those of the filter that `transformers` puts in the place of jinja2's own.
    var writer = JSONText()
    switch arguments[1, "indent"] {
    case .integer(let width)?:
      writer = JSONText(indent: String(repeating: " ", count: min(max(width, 0), 64)))
    case .string(let text)?: writer = JSONText(indent: text)
    default: break
    }
    writer.ensuresASCII = arguments[0, "ensure_ascii"]?.isTrue ?? false
    writer.sortsKeys = arguments[3, "sort_keys"]?.isTrue ?? false
    switch arguments[2, "separators"] {
    case .list(let pair)?, .tuple(let pair)?:
      guard pair.count == 2 else { throw .type(operation: "separators", value: "not a pair") }
      writer.itemSeparator = PythonText.string(pair[0])
      writer.keySeparator = PythonText.string(pair[1])
    default: break
    }
    let text = try writer.string(value)
    try spend(text.utf8.count)
    return text
  }

  // MARK: Numbers

  private func numberFilter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    if case .undefined(let what) = value, name != "int", name != "float" { throw .undefined(what) }
    switch name {
    case "int":
      let fallback = arguments[0, "default"] ?? .integer(0)
      if case .string(let text) = value {
        let spelling = ScalarText.strip(text, characters: nil, left: true, right: true)
        let base = arguments[1, "base"]?.asInteger ?? 10
        if (2...36).contains(base), let number = Int(spelling, radix: base) {
          return .integer(number)
        }
        return Double(spelling).flatMap { Int(exactly: $0.rounded(.towardZero)) }
          .map { .integer($0) } ?? fallback
      }
      if let number = value.asInteger { return .integer(number) }
      return value.asDouble.flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .integer($0) }
        ?? fallback
    case "float":
      if case .string(let text) = value {
        let spelling = ScalarText.strip(text, characters: nil, left: true, right: true)
        return Double(spelling).map { .number($0) } ?? arguments[0, "default"] ?? .number(0)
      }
      return value.asDouble.map { .number($0) } ?? arguments[0, "default"] ?? .number(0)
    case "abs":
      if let number = value.asInteger, number != .min { return .integer(abs(number)) }
      guard let number = value.asDouble else {
        throw .type(operation: "abs", value: value.typeName)
      }
      return .number(number.magnitude)
    default: return try rounded(value, arguments)
    }
  }

  private func rounded(_ value: JinjaValue, _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> JinjaValue
  {
    guard let number = value.asDouble else {
      throw .type(operation: "round", value: value.typeName)
    }
    let places = min(max(arguments[0, "precision"]?.asInteger ?? 0, -300), 300)
    let method = arguments[1, "method"].map(PythonText.string) ?? "common"
    var factor = 1.0
    for _ in 0..<abs(places) { factor *= 10 }
    if places < 0 { factor = 1 / factor }
    switch method {
    case "ceil": return .number((number * factor).rounded(.up) / factor)
    case "floor": return .number((number * factor).rounded(.down) / factor)
    default:
      if case .integer = value, places >= 0 { return value }
      return .number((number * factor).rounded(.toNearestOrEven) / factor)
    }
  }

  // MARK: Lists

  private func listFilter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    if name == "items" || name == "dictsort" {
      if value.isUndefined, name == "items" { return .list([]) }
      guard case .dictionary(let dictionary) = value else {
        throw .type(operation: name, value: value.typeName)
      }
      return name == "items" ? .list(dictionary.items) : try sorted(dictionary, arguments)
    }
    if name == "reverse", case .string(let text) = value {
      return .string(ScalarText.string(text.unicodeScalars.reversed()))
    }
    let items = try items(of: value)
    switch name {
    case "list": return .list(items)
    case "first": return items.first ?? .undefined("the first of nothing")
    case "last": return items.last ?? .undefined("the last of nothing")
    case "reverse": return .list(items.reversed())
    case "join": return .string(try joined(items, arguments))
    case "sum":
      var total = arguments[1, "start"] ?? .integer(0)
      for item in items {
        total = try Arithmetic.add(total, part(arguments[0, "attribute"], of: item))
      }
      return total
    case "sort":
      return .list(
        try sorted(
          items,
          by: { (item) throws(ChatTemplateError) in
            try self.part(arguments[2, "attribute"], of: item)
          },
          ignoringCase: arguments[1, "case_sensitive"]?.isTrue != true,
          reversed: arguments[0, "reverse"]?.isTrue == true))
    case "unique": return .list(try unique(items, arguments))
    default:
      let order = try sorted(
        items,
        by: { (item) throws(ChatTemplateError) in try self.part(arguments[1, "attribute"], of: item)
        },
        ignoringCase: arguments[0, "case_sensitive"]?.isTrue != true, reversed: name == "max")
      return order.first ?? .undefined("the \(name) of nothing")
    }
  }

  private func joined(_ items: [JinjaValue], _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> String
  {
    let separator = PythonText.string(arguments[0, "d"] ?? .string(""))
    var text = ""
    for (index, item) in items.enumerated() {
      if index > 0 { text += separator }
      guard text.utf8.count <= Self.maximumBytes else { throw .limitExceeded(.output) }
      text += PythonText.string(try part(arguments[1, "attribute"], of: item))
    }
    try spend(text.utf8.count)
    return text
  }

  /// The attribute of an item that a filter works on, as `function.name`; the item itself without one.
  private func part(_ path: JinjaValue?, of item: JinjaValue) throws(ChatTemplateError)
    -> JinjaValue
  {
    guard let path else { return item }
    if case .none = path { return item }
    var value = item
    for step in ScalarText.split(PythonText.string(path), separator: ".", limit: -1) {
      if value.isUndefined { return value }
      if let place = Int(step), case .list(let items) = value {
        value = items.indices.contains(place) ? items[place] : .undefined("element \(place)")
      } else if case .dictionary(let dictionary) = value, let found = dictionary[.string(step)] {
        value = found
      } else {
        value = try attribute(step, of: value)
      }
    }
    return value
  }

  private static func foldingCase(_ value: JinjaValue) -> JinjaValue {
    if case .string(let text) = value { .string(text.lowercased()) } else { value }
  }

  /// A stable sort; in reverse, equal items keep their order as well.
  private func sorted(
    _ items: [JinjaValue], by key: (JinjaValue) throws(ChatTemplateError) -> JinjaValue,
    ignoringCase: Bool, reversed: Bool
  ) throws(ChatTemplateError) -> [JinjaValue] {
    var keyed: [(key: JinjaValue, item: JinjaValue)] = []
    for item in items {
      let value = try key(item)
      keyed.append((ignoringCase ? Self.foldingCase(value) : value, item))
    }
    try spend(items.count * 64)
    var failure: ChatTemplateError?
    keyed.sort { a, b in
      guard failure == nil else { return false }
      do throws(ChatTemplateError) {
        return reversed
          ? try Arithmetic.precedes(b.key, a.key) : try Arithmetic.precedes(a.key, b.key)
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
    return keyed.map(\.item)
  }

  private func sorted(_ dictionary: JinjaDictionary, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    let byValue = arguments[1, "by"].map(PythonText.string) == "value"
    return .list(
      try sorted(
        dictionary.items,
        by: { item in
          guard case .tuple(let pair) = item else { return item }
          return pair[byValue ? 1 : 0]
        },
        ignoringCase: arguments[0, "case_sensitive"]?.isTrue != true,
        reversed: arguments[2, "reverse"]?.isTrue == true))
  }

  private func unique(_ items: [JinjaValue], _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> [JinjaValue]
  {
    let ignoresCase = arguments[0, "case_sensitive"]?.isTrue != true
    var seen: Set<JinjaKey> = []
    var kept: [JinjaValue] = []
    for item in items {
      let value = try part(arguments[1, "attribute"], of: item)
      if seen.insert(try JinjaKey(ignoresCase ? Self.foldingCase(value) : value)).inserted {
        kept.append(item)
      }
    }
    return kept
  }

  // MARK: Selections

  private func selectionFilter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    // These filters take any value without truth for an empty list, none among them.
    let items = value.isTrue ? try items(of: value) : []
    if name == "map" { return .list(try mapped(items, arguments)) }
    let isByAttribute = name.hasSuffix("attr")
    let keeps = name.hasPrefix("select")
    var rest = arguments
    var path: JinjaValue?
    if isByAttribute {
      guard !rest.positional.isEmpty else { throw .type(operation: name, value: "nothing") }
      path = rest.positional.removeFirst()
    }
    var testName: String?
    if !rest.positional.isEmpty { testName = PythonText.string(rest.positional.removeFirst()) }
    var kept: [JinjaValue] = []
    for item in items {
      try spend(0)
      let subject = try part(path, of: item)
      let passes =
        try testName.map { (test) throws(ChatTemplateError) in try self.test(test, subject, rest) }
        ?? subject.isTrue
      if passes == keeps { kept.append(item) }
    }
    return .list(kept)
  }

  private func mapped(_ items: [JinjaValue], _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> [JinjaValue]
  {
    var rest = arguments
    var results: [JinjaValue] = []
    if arguments.positional.isEmpty {
      guard let path = arguments[0, "attribute"] else {
        throw .type(operation: "map", value: "neither a filter nor an attribute")
      }
      for item in items {
        try spend(0)
        let value = try part(path, of: item)
        results.append(value.isUndefined ? arguments[1, "default"] ?? value : value)
      }
      return results
    }
    let name = PythonText.string(rest.positional.removeFirst())
    for item in items {
      try spend(0)
      results.append(try filter(name, item, rest))
    }
    return results
  }

  // MARK: Text

  private func textFilter(_ name: String, _ text: String, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> String
  {
    try spend(text.utf8.count)
    switch name {
    case "trim":
      var characters: String?
      if case .string(let wanted)? = arguments[0, "chars"] { characters = wanted }
      return ScalarText.strip(text, characters: characters, left: true, right: true)
    case "upper": return text.uppercased()
    case "lower": return text.lowercased()
    case "capitalize": return ScalarText.capitalized(text)
    case "title": return title(text)
    case "replace":
      guard let old = arguments[0, "old"], let new = arguments[1, "new"] else {
        throw .type(operation: "replace", value: "too few arguments")
      }
      let (before, after) = (PythonText.string(old), PythonText.string(new))
      try spend(ScalarText.count(text, replacing: before, with: after))
      return ScalarText.replace(
        text, before, with: after, limit: arguments[2, "count"]?.asInteger ?? -1)
    case "indent": return try indented(text, arguments)
    case "format": return try PythonFormat.percent(text, .tuple(arguments.positional))
    case "escape", "e", "forceescape":
      let pairs = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ("\"", "&#34;")]
      return pairs.reduce(text) { ScalarText.replace($0, $1.0, with: $1.1, limit: -1) }
    case "wordcount": return String(ScalarText.words(text, limit: -1).count)
    default: throw .unknownFilter(name: name)
    }
  }

  /// Capitals after white space, hyphens and opening brackets only, unlike `str.title`.
  private func title(_ text: String) -> String {
    var result = ""
    var isStart = true
    for scalar in text.unicodeScalars {
      result += isStart ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
      isStart =
        PythonText.isSpace(scalar)
        || ["-", "(", "{", "[", "<"].contains(scalar)
    }
    return result
  }

  private func indented(_ text: String, _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> String
  {
    var indent = "    "
    switch arguments[0, "width"] {
    case .integer(let width)?: indent = String(repeating: " ", count: min(max(width, 0), 1024))
    case .string(let text)?: indent = text
    default: break
    }
    let indentsFirst = arguments[1, "first"]?.isTrue == true
    let indentsBlank = arguments[2, "blank"]?.isTrue == true
    let lines = ScalarText.lines(text + "\n")
    let (total, overflow) = lines.count.multipliedReportingOverflow(by: indent.utf8.count)
    try spend(overflow ? Int.max : total)
    let indented = lines.enumerated().map { index, line in
      let isIndented = index == 0 ? indentsFirst : indentsBlank || !line.isEmpty
      return isIndented ? indent + line : line
    }
    return indented.joined(separator: "\n")
  }
}
