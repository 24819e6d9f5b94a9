extension TemplateRenderer {
  /// What a `for` statement goes through.
  func items(of value: JinjaValue) throws(ChatTemplateError) -> [JinjaValue] {
    switch value {
    case .undefined: return []
    case .list(let items), .tuple(let items): return items
    case .string(let text), .markup(let text):
      try spendScan(of: text)
      try make(ScalarText.count(text) * JinjaValue.byteCount)
      return text.unicodeScalars.map { .string(String($0)) }
    case .dictionary(let dictionary):
      try make(dictionary.count * JinjaValue.byteCount)
      return dictionary.list(.keys)
    case .view(let dictionary, let part):
      try make(dictionary.count * JinjaValue.byteCount * (part == .items ? 3 : 1))
      return dictionary.list(part)
    case .range(let range):
      try make(range.count * JinjaValue.byteCount)
      return range.items
    case .generator(let generator): return try generator.rest()
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
        try dictionary.set(evaluate(entry.key, scope), evaluate(entry.value, scope))
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
  func measured(_ value: JinjaValue) throws(ChatTemplateError) -> JinjaValue {
    let count: Int
    switch value {
    case .list(let items), .tuple(let items): count = items.count * JinjaValue.byteCount
    case .dictionary(let dictionary): count = dictionary.count * 96
    default: count = 0
    }
    try make(count)
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
    case .positive(let operand):
      let value = try evaluate(operand, scope)
      if case .number = value { return value }
      return try Arithmetic.add(.integer(0), value)
    case .binary(let operation, let left, let right):
      let (left, right) = (try evaluate(left, scope), try evaluate(right, scope))
      if operation == .add { return try added(left, right) }
      if operation == .remainder, let format = left.text {
        return left.remade(
          try PythonFormat.percent(format, right, escapes: left.isMarkup, self))
      }
      let result = try Arithmetic.apply(operation, left, right, limit: maximumBytes)
      switch result {
      case .string(let text), .markup(let text): try make(text.utf8.count)
      case .list(let items), .tuple(let items): try make(items.count * JinjaValue.byteCount)
      default: break
      }
      return result
    case .concatenation(let items):
      var text = ""
      for item in items {
        let part = try spelled(evaluate(item, scope))
        try make(part.utf8.count)
        text += part
      }
      return .string(text)
    case .comparison(let first, let steps):
      var left = try evaluate(first, scope)
      for (comparison, operand) in steps {
        let right = try evaluate(operand, scope)
        try spend(comparing: left, right, comparison)
        guard try Arithmetic.compare(comparison, left, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    default: throw .unsupported(construct: "expression", line: 0)
    }
  }

  /// The sum, counted before it is made.
  func added(_ left: JinjaValue, _ right: JinjaValue) throws(ChatTemplateError) -> JinjaValue {
    switch (left, right) {
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      try make((a.count + b.count) * JinjaValue.byteCount)
    default:
      if let a = left.text, let b = right.text {
        try make((a.utf8.count + b.utf8.count) * (left.isMarkup == right.isMarkup ? 1 : 5))
      }
    }
    return try Arithmetic.add(left, right)
  }

  /// Counts the work of a comparison.
  func spend(
    comparing left: JinjaValue, _ right: JinjaValue, _ comparison: TemplateExpression.Comparison
  ) throws(ChatTemplateError) {
    switch (comparison, right) {
    case (.isIn, .dictionary), (.isNotIn, .dictionary): try spend(0)
    case (.isIn, .string(let text)), (.isNotIn, .string(let text)): try spendScan(of: text)
    default:
      if let a = left.text, let b = right.text { return try spend(min(a.utf8.count, b.utf8.count)) }
      try spend(on: left)
      try spend(on: right)
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
      try values.check("loop", ["iterable"], required: 1)
      guard let recurse = loop.recurse, let items = values[0, "iterable"] else {
        throw .type(operation: "a call", value: callee.typeName)
      }
      return try recurse(items)
    case .undefined(let what): throw .undefined(what)
    default: throw .type(operation: "a call", value: callee.typeName)
    }
  }
}
