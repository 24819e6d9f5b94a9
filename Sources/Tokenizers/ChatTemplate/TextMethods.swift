/// One call of a method of a string.
struct TextMethods {
  static let names: Set<String> = [
    "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "format",
    "format_map",
    "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "islower", "isnumeric",
    "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "partition",
    "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit",
    "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill",
  ]

  let name: String
  let value: JinjaValue
  let text: String
  let arguments: JinjaArguments
  let renderer: TemplateRenderer

  init(
    _ name: String, _ value: JinjaValue, _ text: String, _ arguments: JinjaArguments,
    _ renderer: TemplateRenderer
  ) {
    self.name = name
    self.value = value
    self.text = text
    self.arguments = arguments
    self.renderer = renderer
  }

  func result() throws(ChatTemplateError) -> JinjaValue {
    switch name {
    case "format":
      return value.remade(try PythonFormat.braces(text, arguments, value.isMarkup, renderer))
    case "format_map":
      guard case .dictionary(let fields)? = arguments[0, "mapping"] else { throw refusal("this") }
      var named = JinjaArguments()
      for entry in fields.entries {
        if let name = entry.spelled.text { named.named.append((name, entry.value)) }
      }
      return value.remade(try PythonFormat.braces(text, named, value.isMarkup, renderer))
    case "split", "rsplit": try arguments.check(name, ["sep", "maxsplit"])
    case "splitlines": try arguments.check(name, ["keepends"])
    case "expandtabs": try arguments.check(name, ["tabsize"])
    default:
      guard arguments.named.isEmpty else { throw refusal("named arguments") }
    }
    switch name {
    case "upper", "lower", "casefold", "capitalize", "title", "swapcase":
      try arguments.check(name, [])
      return value.remade(changedCase)
    case "strip", "lstrip", "rstrip":
      try arguments.check(name, ["chars"])
      let characters = try optionalText(0, "chars")
      return value.remade(
        ScalarText.strip(
          text, characters: characters, left: name != "rstrip", right: name != "lstrip"))
    case "startswith", "endswith": return .bool(try hasAffix())
    case "removeprefix":
      let affix = try argument(0, "prefix")
      guard text.utf8.starts(with: affix.utf8) else { return value }
      return value.remade(ScalarText.string(text.unicodeScalars.dropFirst(ScalarText.count(affix))))
    case "removesuffix":
      let affix = try argument(0, "suffix")
      guard Self.ends(text, with: affix) else { return value }
      return value.remade(ScalarText.string(text.unicodeScalars.dropLast(ScalarText.count(affix))))
    case "split", "rsplit", "splitlines", "partition", "rpartition": return try divided()
    case "join": return try joined()
    case "replace": return try replaced()
    case "find", "rfind", "index", "rindex", "count": return .integer(try place())
    case "ljust", "rjust", "center", "zfill": return value.remade(try padded())
    case "expandtabs":
      return value.remade(try withoutTabs(arguments[0, "tabsize"]?.asInteger ?? 8))
    default:
      try arguments.check(name, [])
      return .bool(TextClass.holds(name, text))
    }
  }

  // MARK: Arguments

  func refusal(_ what: String) -> ChatTemplateError { .type(operation: name, value: what) }

  func argument(_ index: Int, _ parameter: String) throws(ChatTemplateError) -> String {
    guard let text = arguments[index, parameter]?.text else {
      throw refusal(arguments[index, parameter]?.typeName ?? "nothing")
    }
    return text
  }

  func optionalText(_ index: Int, _ parameter: String) throws(ChatTemplateError) -> String? {
    guard let given = arguments[index, parameter], !given.isNone else { return nil }
    return try argument(index, parameter)
  }

  func optionalInteger(_ index: Int, _ parameter: String) throws(ChatTemplateError) -> Int? {
    guard let given = arguments[index, parameter] else { return nil }
    guard let number = given.asInteger else { throw refusal(given.typeName) }
    return number
  }

  /// Python's clamping of the two ends of a slice.
  static func range(_ start: Int?, _ end: Int?, count: Int) -> Range<Int> {
    func clamp(_ place: Int) -> Int {
      min(max(place < 0 ? max(place, -count) + count : place, 0), count)
    }
    let low = clamp(start ?? 0)
    return low..<max(low, clamp(end ?? count))
  }

  /// The part of the text that the arguments from `index` on cut out, and where it starts; nil when it starts
  /// behind the end.
  func searched(from index: Int) throws(ChatTemplateError) -> (part: String, start: Int)? {
    guard arguments.positional.count > index else { return (text, 0) }
    func bound(_ place: Int) throws(ChatTemplateError) -> Int? {
      guard arguments.positional.count > place, !arguments.positional[place].isNone else {
        return nil
      }
      return try optionalInteger(place, "")
    }
    let scalars = Array(text.unicodeScalars)
    let start = try bound(index)
    if let start, start > scalars.count { return nil }
    let range = Self.range(start, try bound(index + 1), count: scalars.count)
    return (ScalarText.string(scalars[range]), range.lowerBound)
  }

  static func ends(_ text: String, with affix: String) -> Bool {
    text.utf8.count >= affix.utf8.count
      && text.utf8.suffix(affix.utf8.count).elementsEqual(affix.utf8)
  }

  private func hasAffix() throws(ChatTemplateError) -> Bool {
    var affixes: [String] = []
    if case .tuple(let items)? = arguments[0, "prefix"] {
      for item in items {
        guard let text = item.text else { throw refusal(item.typeName) }
        affixes.append(text)
      }
    } else {
      affixes = [try argument(0, "prefix")]
    }
    guard let part = try searched(from: 1)?.part else { return false }
    return affixes.contains {
      name == "startswith" ? part.utf8.starts(with: $0.utf8) : Self.ends(part, with: $0)
    }
  }
}
