extension TemplateRenderer {
  func listFilter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    switch name {
    case "first":
      if case .generator(let generator) = value {
        return try generator.next() ?? .undefined("the first of nothing")
      }
      return try firstItem(of: value) ?? .undefined("the first of nothing")
    case "last": return try lastItem(of: value) ?? .undefined("the last of nothing")
    case "reverse": return try reversed(value)
    case "items":
      switch value {
      case .undefined: return .generator(JinjaGenerator("do_items", []))
      case .dictionary(let dictionary):
        return .generator(JinjaGenerator("do_items", dictionary.list(.items)))
      default:
        return .generator(
          JinjaGenerator("do_items", [], failure: .type(operation: name, value: value.typeName)))
      }
    case "list":
      let items = try items(of: value)
      try make(items.count * JinjaValue.byteCount)
      return .list(items)
    case "join": return .string(try joined(items(of: value), arguments))
    case "sum":
      var total = arguments[1, "start"] ?? .integer(0)
      guard total.text == nil else { throw .type(operation: "sum", value: "a string") }
      for item in try items(of: value) {
        try spend(0)
        total = try added(total, part(arguments[0, "attribute"], of: item))
      }
      return total
    default:
      return try deferred("do_" + name) { () throws(ChatTemplateError) in
        try grouped(name, items(of: value), arguments)
      }
    }
  }

  /// What is made when it is gone through: an error waits until then.
  func deferred(
    _ name: String, _ body: () throws(ChatTemplateError) -> JinjaValue
  ) throws(ChatTemplateError) -> JinjaValue {
    do throws(ChatTemplateError) { return try body() } catch {
      if case .limitExceeded = error { throw error }
      return .generator(JinjaGenerator(name, [], failure: error))
    }
  }

  private func firstItem(of value: JinjaValue) throws(ChatTemplateError) -> JinjaValue? {
    switch value {
    case .string(let text), .markup(let text):
      return text.unicodeScalars.first.map { .string(String($0)) }
    case .list(let items), .tuple(let items): return items.first
    default: return try items(of: value).first
    }
  }

  private func lastItem(of value: JinjaValue) throws(ChatTemplateError) -> JinjaValue? {
    switch value {
    case .string(let text), .markup(let text):
      return text.unicodeScalars.last.map { value.remade(String($0)) }
    case .list(let items), .tuple(let items): return items.last
    case .generator, .loop: throw .type(operation: "last", value: value.typeName)
    default: return try items(of: value).last
    }
  }

  private func reversed(_ value: JinjaValue) throws(ChatTemplateError) -> JinjaValue {
    if let text = value.text {
      try make(text.utf8.count)
      return value.remade(ScalarText.string(text.unicodeScalars.reversed()))
    }
    let items = try items(of: value)
    try make(items.count * JinjaValue.byteCount)
    if case .generator = value { return .list(items.reversed()) }
    return .generator(JinjaGenerator("reversed", items.reversed()))
  }

  private func joined(_ items: [JinjaValue], _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> String
  {
    let separator = try spelled(arguments[0, "d"] ?? .string(""))
    var text = ""
    for (index, item) in items.enumerated() {
      let part = try spelled(part(arguments[1, "attribute"], of: item))
      try make(part.utf8.count + separator.utf8.count)
      if index > 0 { text += separator }
      text += part
    }
    return text
  }

  /// Runs of items: `batch` by their length, `slice` by their number.
  private func grouped(_ name: String, _ items: [JinjaValue], _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    guard let wanted = arguments[0, name == "batch" ? "linecount" : "slices"]?.asInteger else {
      throw .type(operation: name, value: "no number")
    }
    let fill = arguments[1, "fill_with"].flatMap { $0.isNone ? nil : $0 }
    var groups: [JinjaValue] = []
    func add(_ range: Range<Int>, filling: Int) throws(ChatTemplateError) {
      try make((range.count + filling) * JinjaValue.byteCount)
      let filler = fill.map { Array(repeating: $0, count: filling) } ?? []
      groups.append(.list(items[range] + filler))
    }
    if name == "batch" {
      guard wanted > 0 || items.isEmpty else { throw .arithmetic("a batch of nothing") }
      var start = 0
      while start < items.count {
        let end = items.count - start > wanted ? start + wanted : items.count
        let missing = end - start < wanted && fill != nil ? wanted - (end - start) : 0
        guard missing <= JinjaRange.maximumCount else { throw .limitExceeded(.output) }
        try add(start..<end, filling: missing)
        start = end
      }
    } else {
      guard wanted != 0 else { throw .arithmetic("division by zero") }
      guard wanted <= JinjaRange.maximumCount else { throw .limitExceeded(.output) }
      var start = 0
      for number in 0..<max(wanted, 0) {
        let isLonger = number < items.count % wanted
        let end = start + items.count / wanted + (isLonger ? 1 : 0)
        try add(start..<end, filling: fill != nil && !isLonger ? 1 : 0)
        start = end
      }
    }
    return .generator(JinjaGenerator("do_" + name, groups))
  }

  /// The attribute of an item that a filter works on, as `function.name`; the item itself without one.
  func part(_ path: JinjaValue?, of item: JinjaValue, default fallback: JinjaValue? = nil)
    throws(ChatTemplateError) -> JinjaValue
  {
    guard let path, !path.isNone else { return item }
    var steps: [JinjaValue] = [path]
    if let text = path.text {
      steps = ScalarText.split(text, separator: ".", limit: -1).map { step in
        step.allSatisfy { $0.isASCII && $0.isNumber }
          ? Int(step).map { .integer($0) } ?? .string(step)
          : .string(step)
      }
    } else if path.asInteger == nil {
      throw .type(operation: "an attribute", value: path.typeName)
    }
    var value = item
    for step in steps {
      value = try element(step, of: value)
      if value.isUndefined, let fallback, !fallback.isNone { value = fallback }
    }
    return value
  }
}
