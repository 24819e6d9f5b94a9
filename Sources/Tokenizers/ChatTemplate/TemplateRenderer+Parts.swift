/// Parts of values: attributes, elements and slices.
extension TemplateRenderer {
  func attribute(_ name: String, of value: JinjaValue) throws(ChatTemplateError) -> JinjaValue {
    if case .undefined(let what) = value { throw .undefined(what) }
    if name.hasPrefix("__") { throw .forbidden("the attribute " + name) }
    if let method = PythonMethods.method(name, of: value) { return method }
    switch value {
    case .dictionary(let dictionary):
      if let item = dictionary[name] { return item }
    case .namespace(let namespace):
      if let item = namespace.attributes[name] { return item }
    case .loop(let loop):
      if let item = loop.attribute(name) { return item }
    case .callable(let callable):
      if let item = callable.attributes[name] { return item }
    case .tuple(let pair) where pair.count == 2 && (name == "grouper" || name == "list"):
      return pair[name == "list" ? 1 : 0]
    case .range(let range):
      if let item = ["start": range.start, "stop": range.end, "step": range.step][name] {
        return .integer(item)
      }
    default: break
    }
    return .undefined("the attribute \(name) of \(value.typeName)")
  }

  /// `value[index]`.
  func element(_ index: JinjaValue, of value: JinjaValue) throws(ChatTemplateError) -> JinjaValue {
    func place(_ count: Int) -> Int? {
      guard let place = index.asInteger else { return nil }
      let at = place < 0 ? place + count : place
      return (0..<count).contains(at) ? at : nil
    }
    switch value {
    case .undefined(let what): throw .undefined(what)
    case .dictionary(let dictionary):
      if let key = try? JinjaKey(index), let item = dictionary[key] { return item }
    case .list(let items), .tuple(let items):
      if let at = place(items.count) { return items[at] }
    case .range(let range):
      if let at = place(range.count) { return .integer(range[at]) }
    case .string(let text), .markup(let text):
      if index.asInteger != nil {
        try spendScan(of: text)
        let scalars = text.unicodeScalars
        if let at = place(scalars.count) {
          return value.remade(String(scalars[scalars.index(scalars.startIndex, offsetBy: at)]))
        }
      }
    default: break
    }
    if let name = index.text { return try attribute(name, of: value) }
    return .undefined("an element of \(value.typeName)")
  }

  func slice(
    _ value: JinjaValue, _ from: JinjaValue?, _ to: JinjaValue?, _ step: JinjaValue?
  ) throws(ChatTemplateError) -> JinjaValue {
    if case .undefined(let what) = value { throw .undefined(what) }
    let given = [from, to, step].compactMap { $0 }.filter { !$0.isNone }
    guard given.allSatisfy({ $0.asInteger != nil }) else {
      throw .type(operation: "a slice", value: "these bounds")
    }
    let bounds = (from?.asInteger, to?.asInteger, step?.asInteger ?? 1)
    guard bounds.2 != 0 else { throw .arithmetic("slice step is zero") }
    switch value {
    case .list(let items):
      try make(items.count * JinjaValue.byteCount)
      return .list(Self.slice(items, bounds))
    case .tuple(let items):
      try make(items.count * JinjaValue.byteCount)
      return .tuple(Self.slice(items, bounds))
    case .string(let text), .markup(let text):
      try spendScan(of: text)
      try make(text.utf8.count * 5)
      return value.remade(ScalarText.string(Self.slice(Array(text.unicodeScalars), bounds)))
    case .range(let range):
      let (low, step) = (bounds.0, bounds.2)
      let kept = Self.slice(Array(0..<range.count), bounds)
      let first = kept.first ?? low.map { min(max($0, 0), range.count) } ?? 0
      let (wide, overflow) = range.step.multipliedReportingOverflow(by: step)
      guard !overflow else { throw .arithmetic("an integer is too large") }
      return .range(try JinjaRange(range[first], range[first] + wide * kept.count, wide))
    default: throw .type(operation: "a slice", value: value.typeName)
    }
  }

  private static func slice<Element>(
    _ items: [Element], _ bounds: (from: Int?, to: Int?, step: Int)
  ) -> [Element] {
    let count = items.count
    func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int {
      min(max(value < 0 ? max(value, -count - 1) + count : value, low), high)
    }
    var result: [Element] = []
    if bounds.step > 0 {
      var index = clamp(bounds.from ?? 0, 0, count)
      let end = clamp(bounds.to ?? count, 0, count)
      while index < end {
        result.append(items[index])
        guard bounds.step < count else { break }
        index += bounds.step
      }
    } else {
      var index = bounds.from.map { clamp($0, -1, count - 1) } ?? count - 1
      let end = bounds.to.map { clamp($0, -1, count - 1) } ?? -1
      while index > end {
        result.append(items[index])
        guard bounds.step > -count else { break }
        index += bounds.step
      }
    }
    return result
  }
}

extension JinjaLoop {
  fileprivate func attribute(_ name: String) -> JinjaValue? {
    let last = items.count - 1
    switch name {
    case "index": return .integer(index + 1)
    case "index0": return .integer(index)
    case "revindex": return .integer(items.count - index)
    case "revindex0": return .integer(last - index)
    case "first": return .bool(index == 0)
    case "last": return .bool(index == last)
    case "length": return .integer(items.count)
    case "depth": return .integer(depth)
    case "depth0": return .integer(depth - 1)
    case "previtem": return index > 0 ? items[index - 1] : .undefined("there is no previous item")
    case "nextitem": return index < last ? items[index + 1] : .undefined("there is no next item")
    case "cycle":
      return .callable(
        JinjaCallable("cycle") { [self] (_, arguments) throws(ChatTemplateError) in
          guard !arguments.positional.isEmpty else {
            throw .type(operation: "cycle", value: "nothing")
          }
          return arguments.positional[index % arguments.positional.count]
        })
    case "changed":
      return .callable(
        JinjaCallable("changed") { [self] (_, arguments) throws(ChatTemplateError) in
          let now = arguments.positional
          let isSame = seen.map { JinjaValue.list($0).isEqual(to: .list(now)) } ?? false
          seen = now
          return .bool(!isSame)
        })
    default: return nil
    }
  }
}
