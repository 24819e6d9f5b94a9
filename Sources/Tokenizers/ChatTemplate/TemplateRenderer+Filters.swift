extension TemplateRenderer {
  /// The filters of jinja2 and their parameters; those of `map` and its like take what their filter or test takes.
  ///
  /// - Source: jinja2 3.1 `filters.py`; `tojson` is the one that `transformers` puts in the place of jinja2's own.
  static let filters: [String: (parameters: [String], required: Int)] = [
    "abs": ([], 0), "attr": (["name"], 1), "batch": (["linecount", "fill_with"], 1),
    "capitalize": ([], 0), "center": (["width"], 0), "count": ([], 0),
    "d": (["default_value", "boolean"], 0), "default": (["default_value", "boolean"], 0),
    "dictsort": (["case_sensitive", "by", "reverse"], 0), "e": ([], 0), "escape": ([], 0),
    "filesizeformat": (["binary"], 0), "first": ([], 0), "float": (["default"], 0),
    "forceescape": ([], 0), "groupby": (["attribute", "default", "case_sensitive"], 1),
    "indent": (["width", "first", "blank"], 0), "int": (["default", "base"], 0), "items": ([], 0),
    "join": (["d", "attribute"], 0), "last": ([], 0), "length": ([], 0), "list": ([], 0),
    "lower": ([], 0), "max": (["case_sensitive", "attribute"], 0),
    "min": (["case_sensitive", "attribute"], 0), "pprint": ([], 0),
    "replace": (["old", "new", "count"], 2), "reverse": ([], 0),
    "round": (["precision", "method"], 0), "safe": ([], 0), "slice": (["slices", "fill_with"], 1),
    "sort": (["reverse", "case_sensitive", "attribute"], 0), "string": ([], 0),
    "striptags": ([], 0), "sum": (["attribute", "start"], 0), "title": ([], 0),
    "tojson": (["ensure_ascii", "indent", "separators", "sort_keys"], 0), "trim": (["chars"], 0),
    "truncate": (["length", "killwords", "end", "leeway"], 0),
    "unique": (["case_sensitive", "attribute"], 0), "upper": ([], 0), "urlencode": ([], 0),
    "wordcount": ([], 0), "xmlattr": (["autospace"], 0),
  ]

  /// Filters that pass their arguments on.
  private static let openFilters: Set<String> = [
    "format", "map", "select", "reject", "selectattr", "rejectattr",
  ]

  /// Filters that jinja2 has and this engine has not.
  private static let missingFilters: Set<String> = ["random", "urlize", "wordwrap"]

  static func isFilter(_ name: String) -> Bool {
    filters[name] != nil || openFilters.contains(name) || missingFilters.contains(name)
  }

  /// `value | name(arguments)`, with jinja2's rules.
  func filter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    if let filter = Self.filters[name] {
      try arguments.check(name, filter.parameters, required: filter.required)
    } else if Self.missingFilters.contains(name) {
      throw .unsupported(construct: "the filter " + name, line: 0)
    }
    switch name {
    case "default", "d":
      let applies =
        value.isUndefined || (arguments[1, "boolean"]?.isTrue == true && !value.isTrue)
      return applies ? arguments[0, "default_value"] ?? .string("") : value
    case "length", "count": return .integer(try count(of: value))
    case "string":
      return value.text == nil ? .string(try spelled(value)) : value
    case "tojson": return .string(try json(value, arguments))
    case "attr": return try attributeOnly(arguments[0, "name"], of: value)
    case "int", "float", "abs", "round", "filesizeformat":
      return try numberFilter(name, value, arguments)
    case "first", "last", "list", "reverse", "items", "batch", "slice", "join", "sum":
      return try listFilter(name, value, arguments)
    case "sort", "unique", "min", "max", "dictsort", "groupby":
      return try orderFilter(name, value, arguments)
    case "map", "select", "reject", "selectattr", "rejectattr":
      return try selectionFilter(name, value, arguments)
    default:
      guard Self.isFilter(name) else { throw .unknownFilter(name: name) }
      return try textFilter(name, value, arguments)
    }
  }

  /// What Python's `len` says.
  func count(of value: JinjaValue) throws(ChatTemplateError) -> Int {
    switch value {
    case .undefined: return 0
    case .string(let text), .markup(let text):
      try spendScan(of: text)
      return ScalarText.count(text)
    case .list(let items), .tuple(let items): return items.count
    case .dictionary(let dictionary), .view(let dictionary, _): return dictionary.count
    case .range(let range): return range.count
    case .loop(let loop): return loop.items.count
    default: throw .type(operation: "length", value: value.typeName)
    }
  }

  private func json(_ value: JinjaValue, _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> String
  {
    var writer = JSONText()
    if let text = arguments[1, "indent"]?.text {
      writer = JSONText(indent: text)
    } else if let width = arguments[1, "indent"]?.asInteger {
      guard width <= PythonFormat.maximumWidth else { throw .limitExceeded(.output) }
      writer = JSONText(indent: String(repeating: " ", count: max(width, 0)))
    }
    writer.ensuresASCII = arguments[0, "ensure_ascii"]?.isTrue ?? false
    writer.sortsKeys = arguments[3, "sort_keys"]?.isTrue ?? false
    if let separators = arguments[2, "separators"], !separators.isNone {
      let pair = try items(of: separators)
      guard pair.count == 2, let item = pair[0].text, let key = pair[1].text else {
        throw .type(operation: "separators", value: separators.typeName)
      }
      writer.itemSeparator = item
      writer.keySeparator = key
    }
    let size = try spend(on: value)
    let (padding, overflow) = size.values.multipliedReportingOverflow(
      by: (writer.indent?.utf8.count ?? 0) * size.depth + writer.itemSeparator.utf8.count
        + writer.keySeparator.utf8.count)
    try make(overflow ? .max : padding + size.bytes)
    return try writer.string(value)
  }

  /// What `attr` gives: never an element of a dictionary.
  private func attributeOnly(_ name: JinjaValue?, of value: JinjaValue) throws(ChatTemplateError)
    -> JinjaValue
  {
    guard let name = name?.text else { throw .type(operation: "attr", value: "no name") }
    if case .dictionary = value {
      return PythonMethods.method(name, of: value) ?? .undefined("the attribute " + name)
    }
    return try attribute(name, of: value)
  }
}
