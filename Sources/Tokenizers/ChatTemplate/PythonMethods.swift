/// The methods that values have in templates. Those that would change a value are refused, as the
/// immutable sandbox of jinja2 refuses them.
enum PythonMethods {
  private static let listMutations: Set<String> = [
    "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse",
  ]
  private static let dictionaryMutations: Set<String> = [
    "pop", "popitem", "update", "clear", "setdefault",
  ]

  static func method(_ name: String, of value: JinjaValue) -> JinjaCallable? {
    switch value {
    case .string(let text):
      guard stringMethods.contains(name) else { return nil }
      return JinjaCallable(name) { (renderer, arguments) throws(ChatTemplateError) in
        try renderer.spend(text.utf8.count)
        return try call(name, text, arguments, renderer)
      }
    case .dictionary(let dictionary): return method(name, of: dictionary)
    case .list(let items), .tuple(let items):
      if case .list = value, listMutations.contains(name) { return refused(name, "a list") }
      return method(name, of: items)
    default: return nil
    }
  }

  private static func refused(_ name: String, _ owner: String) -> JinjaCallable {
    JinjaCallable(name) { (_, _) throws(ChatTemplateError) in
      throw .forbidden("changing \(owner) with \(name)")
    }
  }

  private static func method(_ name: String, of dictionary: JinjaDictionary) -> JinjaCallable? {
    switch name {
    case "items": return JinjaCallable(name) { _, _ in .list(dictionary.items) }
    case "keys": return JinjaCallable(name) { _, _ in .list(dictionary.keys) }
    case "values": return JinjaCallable(name) { _, _ in .list(dictionary.values) }
    case "copy": return JinjaCallable(name) { _, _ in .dictionary(dictionary) }
    case "get":
      return JinjaCallable(name) { (_, arguments) throws(ChatTemplateError) in
        guard let key = arguments[0, "key"] else { throw .type(operation: "get", value: "nothing") }
        if case .undefined = key { return arguments[1, "default"] ?? .none }
        return dictionary[try JinjaKey(key)] ?? arguments[1, "default"] ?? .none
      }
    case let other where dictionaryMutations.contains(other): return refused(name, "a dictionary")
    default: return nil
    }
  }

  private static func method(_ name: String, of items: [JinjaValue]) -> JinjaCallable? {
    switch name {
    case "count":
      return JinjaCallable(name) { _, arguments in
        let wanted = arguments[0, "value"] ?? .none
        return .integer(items.count { $0.isEqual(to: wanted) })
      }
    case "index":
      return JinjaCallable(name) { (_, arguments) throws(ChatTemplateError) in
        let wanted = arguments[0, "value"] ?? .none
        guard let place = items.firstIndex(where: { $0.isEqual(to: wanted) }) else {
          throw .undefined(PythonText.representation(wanted) + " in the list")
        }
        return .integer(place)
      }
    case "copy": return JinjaCallable(name) { _, _ in .list(items) }
    default: return nil
    }
  }

  // MARK: Strings

  private static let stringMethods: Set<String> = [
    "capitalize", "casefold", "count", "endswith", "find", "format", "index", "isalnum", "isalpha",
    "isdigit", "islower", "isspace", "isupper", "join", "ljust", "lower", "lstrip", "partition",
    "removeprefix", "removesuffix", "replace", "rfind", "rjust", "rpartition", "rsplit", "rstrip",
    "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill",
  ]

  private static func call(
    _ name: String, _ text: String, _ arguments: JinjaArguments, _ renderer: TemplateRenderer
  ) throws(ChatTemplateError) -> JinjaValue {
    switch name {
    case "upper": return .string(text.uppercased())
    case "lower", "casefold": return .string(text.lowercased())
    case "capitalize": return .string(ScalarText.capitalized(text))
    case "title": return .string(ScalarText.title(text))
    case "strip", "lstrip", "rstrip":
      let characters = try optionalText(arguments[0, "chars"], name)
      return .string(
        ScalarText.strip(
          text, characters: characters, left: name != "rstrip", right: name != "lstrip"))
    case "startswith", "endswith":
      return .bool(
        try affixes(arguments, name).contains { affix in
          name == "startswith"
            ? text.utf8.starts(with: affix.utf8)
            : text.utf8.reversed().starts(with: affix.utf8.reversed())
        })
    case "removeprefix":
      let affix = try self.text(arguments[0, "prefix"], name)
      guard text.utf8.starts(with: affix.utf8) else { return .string(text) }
      return .string(ScalarText.string(text.unicodeScalars.dropFirst(ScalarText.count(affix))))
    case "removesuffix":
      let affix = try self.text(arguments[0, "suffix"], name)
      guard text.utf8.reversed().starts(with: affix.utf8.reversed()) else { return .string(text) }
      return .string(ScalarText.string(text.unicodeScalars.dropLast(ScalarText.count(affix))))
    case "split", "rsplit", "splitlines", "partition", "rpartition", "join":
      return try divide(name, text, arguments, renderer)
    case "replace":
      let old = try self.text(arguments[0, "old"], name)
      let new = try self.text(arguments[1, "new"], name)
      try renderer.spend(ScalarText.count(text, replacing: old, with: new))
      return .string(
        ScalarText.replace(text, old, with: new, limit: arguments[2, "count"]?.asInteger ?? -1))
    case "format": return .string(try PythonFormat.braces(text, arguments))
    case "find", "rfind", "index", "count": return try search(name, text, arguments)
    case "ljust", "rjust", "zfill": return try pad(name, text, arguments)
    case "swapcase":
      return .string(
        text.unicodeScalars.map {
          $0.properties.isLowercase
            ? $0.properties.uppercaseMapping : $0.properties.lowercaseMapping
        }.joined())
    default: return .bool(holds(name, text))
    }
  }

  private static func holds(_ name: String, _ text: String) -> Bool {
    let scalars = text.unicodeScalars
    let cased = scalars.filter(\.properties.isCased)
    func all(_ test: (Unicode.Scalar) -> Bool) -> Bool {
      !scalars.isEmpty && scalars.allSatisfy(test)
    }
    switch name {
    case "isdigit":
      return all { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
    case "isalpha": return all { CategoryTest.isLetter($0) }
    case "isalnum": return all { CategoryTest.isLetter($0) || $0.properties.numericType != nil }
    case "isspace": return all(PythonText.isSpace)
    case "islower": return !cased.isEmpty && cased.allSatisfy(\.properties.isLowercase)
    default: return !cased.isEmpty && cased.allSatisfy(\.properties.isUppercase)
    }
  }

  private static func divide(
    _ name: String, _ text: String, _ arguments: JinjaArguments, _ renderer: TemplateRenderer
  ) throws(ChatTemplateError) -> JinjaValue {
    func strings(_ parts: [String]) throws(ChatTemplateError) -> [JinjaValue] {
      try renderer.spend(parts.count * 16)
      return parts.map { .string($0) }
    }
    switch name {
    case "splitlines":
      return .list(
        try strings(ScalarText.lines(text, keepEnds: arguments[0, "keepends"]?.isTrue ?? false)))
    case "join":
      var parts: [String] = []
      for item in try renderer.items(of: arguments[0, "iterable"] ?? .none) {
        parts.append(try self.text(item, name))
        try renderer.spend(parts[parts.count - 1].utf8.count + text.utf8.count)
      }
      let joined = parts.joined(separator: text)
      try renderer.spend(joined.utf8.count)
      return .string(joined)
    case "partition", "rpartition":
      let separator = try self.text(arguments[0, "sep"], name)
      guard !separator.isEmpty else { throw .arithmetic("empty separator") }
      let parts =
        name == "partition"
        ? ScalarText.split(text, separator: separator, limit: 1)
        : ScalarText.splitFromEnd(text, separator: separator, limit: 1)
      if parts.count == 2 { return .tuple(try strings([parts[0], separator, parts[1]])) }
      return .tuple(try strings(name == "partition" ? [text, "", ""] : ["", "", text]))
    default:
      let limit = arguments[1, "maxsplit"]?.asInteger ?? -1
      guard let separator = try optionalText(arguments[0, "sep"], name) else {
        guard name == "split" || limit < 0 else {
          throw .unsupported(construct: "rsplit at white space with a limit", line: 0)
        }
        return .list(try strings(ScalarText.words(text, limit: limit)))
      }
      guard !separator.isEmpty else { throw .arithmetic("empty separator") }
      return .list(
        try strings(
          name == "split"
            ? ScalarText.split(text, separator: separator, limit: limit)
            : ScalarText.splitFromEnd(text, separator: separator, limit: limit)))
    }
  }

  private static func search(_ name: String, _ text: String, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    let part = try self.text(arguments[0, "sub"], name)
    if name == "count" {
      let places =
        part.isEmpty
        ? ScalarText.count(text) + 1 : ScalarText.split(text, separator: part, limit: -1).count - 1
      return .integer(places)
    }
    var found = ScalarText.firstRange(of: part, in: text)?.lowerBound
    if name == "rfind" {
      let pieces = ScalarText.splitFromEnd(text, separator: part.isEmpty ? "\0" : part, limit: 1)
      if part.isEmpty { return .integer(ScalarText.count(text)) }
      return .integer(pieces.count == 2 ? ScalarText.count(pieces[0]) : -1)
    }
    if found == nil, name == "index" { throw .undefined("the substring") }
    if part.isEmpty { found = text.startIndex }
    return .integer(found.map { text.unicodeScalars.distance(from: text.startIndex, to: $0) } ?? -1)
  }

  private static func pad(_ name: String, _ text: String, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    guard let width = arguments[0, "width"]?.asInteger else {
      throw .type(operation: name, value: "no width")
    }
    guard width <= TemplateRenderer.maximumBytes else { throw .limitExceeded(.output) }
    let fill = try optionalText(arguments[1, "fillchar"], name) ?? (name == "zfill" ? "0" : " ")
    let padding = String(repeating: fill, count: max(0, width - ScalarText.count(text)))
    if name == "zfill", let sign = text.first, sign == "-" || sign == "+" {
      return .string(String(sign) + padding + text.dropFirst())
    }
    return .string(name == "ljust" ? text + padding : padding + text)
  }

  private static func affixes(_ arguments: JinjaArguments, _ name: String)
    throws(ChatTemplateError) -> [String]
  {
    guard case .tuple(let items)? = arguments[0, "prefix"] else {
      return [try text(arguments[0, "prefix"], name)]
    }
    var affixes: [String] = []
    for item in items { affixes.append(try text(item, name)) }
    return affixes
  }

  private static func text(_ value: JinjaValue?, _ name: String) throws(ChatTemplateError) -> String
  {
    guard case .string(let text)? = value else {
      throw .type(operation: name, value: value?.typeName ?? "nothing")
    }
    return text
  }

  private static func optionalText(_ value: JinjaValue?, _ name: String) throws(ChatTemplateError)
    -> String?
  {
    switch value {
    case nil, JinjaValue.none?: nil
    default: try text(value, name)
    }
  }
}

private enum CategoryTest {
  static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
