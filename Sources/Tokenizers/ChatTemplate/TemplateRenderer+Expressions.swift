extension TemplateRenderer {
  /// What a `for` statement goes through.
  func items(of value: JinjaValue) throws(ChatTemplateError) -> [JinjaValue] {
    switch value {
    case .undefined: return []
    case .list(let items), .tuple(let items): return items
    case .string(let text):
      try spendScan(of: text)
      return text.unicodeScalars.map { .string(String($0)) }
    case .dictionary(let dictionary): return dictionary.keys
    default: throw .type(operation: "iteration", value: value.typeName)
    }
  }

  func evaluate(_ expression: TemplateExpression, _ scope: TemplateScope)
    throws(ChatTemplateError) -> JinjaValue
  {
    try nested { () throws(ChatTemplateError) in try value(of: expression, scope) }
  }

  private func value(of expression: TemplateExpression, _ scope: TemplateScope)
    throws(ChatTemplateError) -> JinjaValue
  {
    switch expression {
    case .literal(let value): return value
    case .name(let name): return scope[name] ?? .undefined(name)
    case .list(let items): return try measured(.list(try evaluate(items, scope)))
    case .tuple(let items): return try measured(.tuple(try evaluate(items, scope)))
    case .dictionary(let entries):
      var dictionary = JinjaDictionary()
      for entry in entries {
        dictionary[try JinjaKey(evaluate(entry.key, scope))] = try evaluate(entry.value, scope)
      }
      return try measured(.dictionary(dictionary))
    case .attribute(let base, let name): return try attribute(name, of: evaluate(base, scope))
    case .element(let base, let index):
      return try element(evaluate(index, scope), of: evaluate(base, scope))
    case .slice(let base, let from, let to, let step):
      return try slice(
        evaluate(base, scope), optional(from, scope), optional(to, scope), optional(step, scope))
    case .call: return try evaluateCall(expression, scope, caller: nil)
    case .filter(let base, let name, let arguments):
      let value = try base.map { (base) throws(ChatTemplateError) in try evaluate(base, scope) }
      guard let input = value ?? filterInput.last else { throw .unknownFilter(name: name) }
      return try filter(name, input, evaluate(arguments, scope))
    case .test(let base, let name, let arguments, let negated):
      let passes = try test(name, evaluate(base, scope), evaluate(arguments, scope))
      return .bool(passes != negated)
    case .not(let operand): return .bool(!(try evaluate(operand, scope).isTrue))
    case .and(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? try evaluate(right, scope) : value
    case .or(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? value : try evaluate(right, scope)
    case .conditional(let condition, let then, let otherwise):
      if try evaluate(condition, scope).isTrue { return try evaluate(then, scope) }
      return try optional(otherwise, scope) ?? .undefined("the value of an if without else")
    default: return try operation(expression, scope)
    }
  }

  /// A value that was just made, once its size and depth are known to be within bounds.
  private func measured(_ value: JinjaValue) throws(ChatTemplateError) -> JinjaValue {
    try spend(on: value)
    return value
  }

  private func operation(_ expression: TemplateExpression, _ scope: TemplateScope)
    throws(ChatTemplateError) -> JinjaValue
  {
    switch expression {
    case .negative(let operand):
      let value = try evaluate(operand, scope)
      if case .number(let number) = value { return .number(-number) }
      return try Arithmetic.subtract(.integer(0), value)
    case .positive(let operand): return try Arithmetic.add(.integer(0), evaluate(operand, scope))
    case .binary(let operation, let left, let right):
      let result = try Arithmetic.apply(
        operation, evaluate(left, scope), evaluate(right, scope), limit: Self.maximumBytes)
      switch result {
      case .string(let text): try spend(text.utf8.count)
      case .list(let items), .tuple(let items): try spend(items.count * 16)
      default: break
      }
      return result
    case .concatenation(let items):
      var text = ""
      for item in items {
        text += try spelled(evaluate(item, scope))
        try spend(text.utf8.count)
      }
      return .string(text)
    case .comparison(let first, let steps):
      var left = try evaluate(first, scope)
      for (comparison, operand) in steps {
        let right = try evaluate(operand, scope)
        try spend(on: left)
        try spend(on: right)
        guard try Arithmetic.compare(comparison, left, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    default: throw .unsupported(construct: "expression", line: 0)
    }
  }

  private func optional(_ expression: TemplateExpression?, _ scope: TemplateScope)
    throws(ChatTemplateError) -> JinjaValue?
  {
    guard let expression else { return nil }
    return try evaluate(expression, scope)
  }

  private func evaluate(_ expressions: [TemplateExpression], _ scope: TemplateScope)
    throws(ChatTemplateError) -> [JinjaValue]
  {
    var values: [JinjaValue] = []
    for expression in expressions { values.append(try evaluate(expression, scope)) }
    return values
  }

  private func evaluate(_ arguments: TemplateExpression.Arguments, _ scope: TemplateScope)
    throws(ChatTemplateError) -> JinjaArguments
  {
    var values = JinjaArguments(positional: try evaluate(arguments.positional, scope))
    for argument in arguments.named {
      values.named.append((argument.name, try evaluate(argument.value, scope)))
    }
    return values
  }

  /// A call; `caller` is what a call block gives the macro.
  func evaluateCall(
    _ expression: TemplateExpression, _ scope: TemplateScope, caller: JinjaCallable?
  ) throws(ChatTemplateError) -> JinjaValue {
    guard case .call(let function, let arguments) = expression else {
      throw .type(operation: "a call block", value: "an expression that is no call")
    }
    let callee = try evaluate(function, scope)
    var values = try evaluate(arguments, scope)
    if let caller { values.named.append(("caller", .callable(caller))) }
    switch callee {
    case .callable(let callable):
      let arguments = values
      return try nested { () throws(ChatTemplateError) in try callable.call(self, arguments) }
    case .loop(let loop):
      guard let recurse = loop.recurse, let items = values.positional.first else {
        throw .type(operation: "a call", value: callee.typeName)
      }
      do { return try recurse(items) } catch let error as ChatTemplateError { throw error } catch {
        throw .type(operation: "a call", value: callee.typeName)
      }
    case .undefined(let what): throw .undefined(what)
    default: throw .type(operation: "a call", value: callee.typeName)
    }
  }

  // MARK: Parts of values

  func attribute(_ name: String, of value: JinjaValue) throws(ChatTemplateError) -> JinjaValue {
    if case .undefined(let what) = value { throw .undefined(what) }
    if name.hasPrefix("__") { throw .forbidden("the attribute " + name) }
    if let method = PythonMethods.method(name, of: value) { return .callable(method) }
    switch value {
    case .dictionary(let dictionary):
      if let item = dictionary[.string(name)] { return item }
    case .namespace(let namespace):
      if let item = namespace.attributes[.string(name)] { return item }
    case .loop(let loop):
      if let item = loop.attribute(name) { return item }
    case .callable(let callable) where name == "name": return .string(callable.name)
    default: break
    }
    return .undefined("the attribute \(name) of \(value.typeName)")
  }

  private func element(_ index: JinjaValue, of value: JinjaValue) throws(ChatTemplateError)
    -> JinjaValue
  {
    switch value {
    case .undefined(let what): throw .undefined(what)
    case .dictionary(let dictionary):
      if let item = dictionary[try JinjaKey(index)] { return item }
    case .list(let items), .tuple(let items):
      if let place = index.asInteger {
        let at = place < 0 ? place + items.count : place
        if items.indices.contains(at) { return items[at] }
      }
    case .string(let text):
      if let place = index.asInteger {
        try spendScan(of: text)
        let scalars = Array(text.unicodeScalars)
        let at = place < 0 ? place + scalars.count : place
        if scalars.indices.contains(at) { return .string(String(scalars[at])) }
      }
    default: break
    }
    if case .string(let name) = index { return try attribute(name, of: value) }
    return .undefined("the element \(PythonText.representation(index)) of \(value.typeName)")
  }

  private func slice(
    _ value: JinjaValue, _ from: JinjaValue?, _ to: JinjaValue?, _ step: JinjaValue?
  ) throws(ChatTemplateError) -> JinjaValue {
    func bound(_ value: JinjaValue?) throws(ChatTemplateError) -> Int? {
      guard let value else { return nil }
      if case .none = value { return nil }
      guard let number = value.asInteger else {
        throw .type(operation: "a slice", value: value.typeName)
      }
      return number
    }
    let bounds = (try bound(from), try bound(to), try bound(step) ?? 1)
    guard bounds.2 != 0 else { throw .arithmetic("slice step is zero") }
    switch value {
    case .list(let items): return .list(Self.slice(items, bounds))
    case .tuple(let items): return .tuple(Self.slice(items, bounds))
    case .string(let text):
      try spendScan(of: text)
      var scalars = String.UnicodeScalarView()
      scalars.append(contentsOf: Self.slice(Array(text.unicodeScalars), bounds))
      return .string(String(scalars))
    case .undefined(let what): throw .undefined(what)
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
