/// `"{}".format(x)`.
extension PythonFormat {
  /// `format.format(...)`; for a safe format, what goes in is escaped.
  static func braces(
    _ format: String, _ arguments: JinjaArguments, _ escapes: Bool, _ renderer: TemplateRenderer
  ) throws(ChatTemplateError) -> String {
    var state = PythonFormat(format, escapes: escapes, renderer)
    var places = Places()
    while let scalar = state.scalars.popFirst() {
      guard scalar == "{" || scalar == "}" else {
        state.result.append(scalar)
        continue
      }
      if state.skip(scalar) {
        state.result.append(scalar)
        continue
      }
      guard scalar == "{" else { throw .arithmetic("a single brace in a format") }
      try state.field(arguments, &places)
    }
    return String(state.result)
  }

  /// Numbers for the fields that have none.
  private struct Places {
    var next = 0
    var isManual = false
    var isAutomatic = false
  }

  private mutating func field(_ arguments: JinjaArguments, _ places: inout Places)
    throws(ChatTemplateError)
  {
    let name = take(until: ["!", ":", "}"])
    var value = try Self.value(name, arguments, &places)
    try renderer.spend(on: value)
    if skip("!") {
      switch scalars.popFirst() {
      case "r", "a": value = .string(PythonText.representation(value))
      case "s": value = .string(PythonText.string(value))
      default: throw .arithmetic("an unknown conversion in a format")
      }
    }
    var specification = ""
    if skip(":") {
      while let scalar = scalars.first, scalar != "}" {
        scalars.removeFirst()
        guard scalar == "{" else {
          specification.unicodeScalars.append(scalar)
          continue
        }
        let inner = take(until: ["}"])
        guard skip("}") else { throw .arithmetic("a single brace in a format") }
        specification += try renderer.spelled(Self.value(inner, arguments, &places))
      }
    }
    guard skip("}") else { throw .arithmetic("a single brace in a format") }
    let layout = try layout(specification)
    append(try PythonNumberFormat.braces(value, layout), of: value)
    try renderer.make(layout.width + (layout.precision ?? 0))
  }

  private mutating func take(until ends: Set<Unicode.Scalar>) -> String {
    let end = scalars.firstIndex(where: ends.contains) ?? scalars.endIndex
    defer { scalars = scalars[end...] }
    return String(scalars[..<end])
  }

  /// The value of `0`, `name`, `name.attribute` or `name[key]`.
  private static func value(_ path: String, _ arguments: JinjaArguments, _ places: inout Places)
    throws(ChatTemplateError) -> JinjaValue
  {
    let end = path.unicodeScalars.firstIndex { $0 == "." || $0 == "[" } ?? path.endIndex
    let name = String(path[..<end])
    var value: JinjaValue?
    if name.isEmpty || Int(name) != nil {
      if name.isEmpty { places.isAutomatic = true } else { places.isManual = true }
      guard !(places.isAutomatic && places.isManual) else {
        throw .arithmetic("numbered and plain fields in one format")
      }
      let place = Int(name) ?? places.next
      if name.isEmpty { places.next += 1 }
      value = arguments.positional.indices.contains(place) ? arguments.positional[place] : nil
    } else {
      value = arguments.named.last { ScalarText.isEqual($0.name, name) }?.value
    }
    guard var found = value else { throw .undefined("the format field {\(path)}") }
    var rest = path[end...].unicodeScalars
    while let sign = rest.popFirst() {
      let isIndex = sign == "["
      let stop =
        rest.firstIndex { isIndex ? $0 == "]" : $0 == "." || $0 == "[" } ?? rest.endIndex
      let key = String(rest[..<stop])
      rest = rest[stop...]
      if isIndex, rest.popFirst() == nil { throw .arithmetic("a missing ] in a format") }
      found = try part(key, of: found, isIndex: isIndex)
    }
    return found
  }

  private static func part(_ key: String, of value: JinjaValue, isIndex: Bool)
    throws(ChatTemplateError) -> JinjaValue
  {
    if !isIndex, key.hasPrefix("_") { throw .forbidden("the attribute " + key) }
    switch value {
    case .dictionary(let dictionary):
      if let found = dictionary[key] { return found }
    case .namespace(let namespace) where !isIndex:
      if let found = namespace.attributes[key] { return found }
    case .list(let items), .tuple(let items):
      if isIndex, let place = Int(key), items.indices.contains(place) { return items[place] }
    default: break
    }
    throw .undefined("the format field " + key)
  }

  private func layout(_ text: String) throws(ChatTemplateError) -> Layout {
    var state = PythonFormat(text, escapes: false, renderer)
    var layout = Layout()
    let alignments: Set<Unicode.Scalar> = ["<", ">", "^", "="]
    if let second = state.scalars.dropFirst().first, alignments.contains(second) {
      layout.fill = state.scalars.removeFirst()
      layout.alignment = state.scalars.removeFirst()
    } else if let first = state.scalars.first, alignments.contains(first) {
      layout.alignment = state.scalars.removeFirst()
    }
    if let sign = state.scalars.first, ["+", "-", " "].contains(sign) {
      layout.sign = state.scalars.removeFirst()
    }
    if state.skip("#") { layout.isAlternate = true }
    if state.scalars.first == "0", layout.alignment == nil {
      layout.fill = "0"
      layout.alignment = "0"
    }
    layout.width = try state.number() ?? 0
    if let grouping = state.scalars.first, [",", "_"].contains(grouping) {
      layout.grouping = state.scalars.removeFirst()
    }
    if state.skip(".") {
      guard let precision = try state.number() else {
        throw .arithmetic("a format without a precision")
      }
      layout.precision = precision
    }
    layout.kind = state.scalars.popFirst()
    guard state.scalars.isEmpty else { throw .type(operation: "a format", value: "\"\(text)\"") }
    return layout
  }
}
