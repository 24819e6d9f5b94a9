/// The names of one part of a template; a part inside it sees them too.
final class TemplateScope {
  private let parent: TemplateScope?
  private var values: [String: JinjaValue] = [:]

  init(inside parent: TemplateScope? = nil) { self.parent = parent }

  subscript(name: String) -> JinjaValue? {
    get {
      var scope: TemplateScope? = self
      while let current = scope {
        if let value = current.values[name] { return value }
        scope = current.parent
      }
      return nil
    }
    set { values[name] = newValue }
  }

  /// Breaks the circle of a scope and the macros that it holds and that see it.
  func removeAll() { values = [:] }
}

/// Renders statements. Every step counts against a limit, so that no template runs forever.
final class TemplateRenderer {
  /// Statements and operations; strings and lists count by their size.
  static let maximumSteps = 2_000_000
  /// Bytes of one string.
  static let maximumBytes = 16 << 20
  /// Calls and expressions inside each other.
  static let maximumDepth = 400
  /// Lists inside lists.
  static let maximumValueDepth = 300

  private enum Flow { case next, leave, again }

  let clock: TemplateClock
  private var steps = 0
  private var depth = 0
  private var loopDepth = 0
  /// The text that the filters of a filter block work on.
  var filterInput: [JinjaValue] = []
  /// What may refer to itself, emptied at the end.
  private var scopes: [TemplateScope] = []
  private var namespaces: [JinjaNamespace] = []

  init(clock: TemplateClock) { self.clock = clock }

  func render(_ statements: [TemplateStatement], _ globals: TemplateScope)
    throws(ChatTemplateError) -> String
  {
    defer {
      for scope in scopes { scope.removeAll() }
      for namespace in namespaces { namespace.attributes = JinjaDictionary() }
    }
    var output = ""
    _ = try run(statements, TemplateScope(inside: globals), &output)
    return output
  }

  func makeNamespace(_ attributes: JinjaDictionary) -> JinjaNamespace {
    let namespace = JinjaNamespace(attributes)
    namespaces.append(namespace)
    return namespace
  }

  // MARK: Limits

  /// Counts work in proportion to what it makes.
  func spend(_ count: Int) throws(ChatTemplateError) {
    steps += 1 + count / 64
    guard steps <= Self.maximumSteps else { throw .limitExceeded(.steps) }
    guard count <= Self.maximumBytes else { throw .limitExceeded(.output) }
  }

  /// Counts the work of going through a text scalar by scalar, slower than copying it.
  func spendScan(of text: String) throws(ChatTemplateError) {
    steps += text.utf8.count / 8
    try spend(text.utf8.count)
  }

  /// Counts every value inside a value, and refuses values nested too deep: what recurses over values later
  /// then ends, and soon.
  func spend(on value: JinjaValue) throws(ChatTemplateError) {
    var pending: [(value: JinjaValue, depth: Int)] = [(value, 0)]
    var count = 0
    while let (value, depth) = pending.popLast() {
      count += 1
      if count % 8 == 0 { try spend(0) }
      switch value {
      case .list(let items), .tuple(let items):
        guard depth < Self.maximumValueDepth else { throw .limitExceeded(.nesting) }
        for item in items { pending.append((item, depth + 1)) }
      case .dictionary(let dictionary):
        guard depth < Self.maximumValueDepth else { throw .limitExceeded(.nesting) }
        for entry in dictionary.entries { pending.append((entry.value, depth + 1)) }
      default: break
      }
    }
  }

  func nested<Result>(_ body: () throws(ChatTemplateError) -> Result) throws(ChatTemplateError)
    -> Result
  {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw .limitExceeded(.nesting) }
    try spend(0)
    return try body()
  }

  /// The text of a value, as it is printed.
  func spelled(_ value: JinjaValue) throws(ChatTemplateError) -> String {
    try spend(on: value)
    return PythonText.string(value)
  }

  // MARK: Statements

  private func append(_ text: String, to output: inout String) throws(ChatTemplateError) {
    try spend(text.utf8.count)
    guard output.utf8.count + text.utf8.count <= Self.maximumBytes else {
      throw .limitExceeded(.output)
    }
    output += text
  }

  private func run(
    _ statements: [TemplateStatement], _ scope: TemplateScope, _ output: inout String
  ) throws(ChatTemplateError) -> Flow {
    for statement in statements {
      let flow = try run(statement, scope, &output)
      if flow != .next { return flow }
    }
    return .next
  }

  /// What statements render on their own, as the value of a block.
  private func text(of statements: [TemplateStatement], _ scope: TemplateScope)
    throws(ChatTemplateError) -> JinjaValue
  {
    var text = ""
    try nested { () throws(ChatTemplateError) in _ = try run(statements, scope, &text) }
    return .string(text)
  }

  private func run(
    _ statement: TemplateStatement, _ scope: TemplateScope, _ output: inout String
  ) throws(ChatTemplateError) -> Flow {
    switch statement {
    case .text(let text): try append(text, to: &output)
    case .output(let expression):
      try append(spelled(evaluate(expression, scope)), to: &output)
    case .choice(let branches, let otherwise):
      for branch in branches where try evaluate(branch.condition, scope).isTrue {
        return try run(branch.body, scope, &output)
      }
      return try run(otherwise, scope, &output)
    case .loop(let loop):
      let items = try evaluate(loop.items, scope)
      return try run(loop, over: items, scope, &output)
    case .set(let target, let value):
      try assign(try evaluate(value, scope), to: target, scope)
    case .setBlock(let target, let filter, let body):
      let text = try text(of: body, TemplateScope(inside: scope))
      try assign(try filtered(text, filter, scope), to: target, scope)
    case .filterBlock(let filter, let body):
      let text = try text(of: body, TemplateScope(inside: scope))
      try append(spelled(filtered(text, filter, scope)), to: &output)
    case .macro(let macro):
      scopes.append(scope)
      scope[macro.name] = .callable(callable(macro, scope))
    case .callBlock(let caller, let call):
      let inner = TemplateScope(inside: scope)
      try append(
        PythonText.string(try evaluateCall(call, scope, caller: callable(caller, inner))),
        to: &output)
    case .with(let bindings, let body):
      let inner = TemplateScope(inside: scope)
      for (target, value) in bindings { try assign(try evaluate(value, scope), to: target, inner) }
      return try run(body, inner, &output)
    case .scope(let body): return try run(body, TemplateScope(inside: scope), &output)
    case .breakLoop: return .leave
    case .continueLoop: return .again
    }
    return .next
  }

  private func filtered(_ text: JinjaValue, _ filter: TemplateExpression?, _ scope: TemplateScope)
    throws(ChatTemplateError) -> JinjaValue
  {
    guard let filter else { return text }
    filterInput.append(text)
    defer { filterInput.removeLast() }
    return try evaluate(filter, scope)
  }

  private func run(
    _ loop: TemplateStatement.Loop, over value: JinjaValue, _ scope: TemplateScope,
    _ output: inout String
  ) throws(ChatTemplateError) -> Flow {
    var items = try self.items(of: value)
    if let condition = loop.condition {
      var kept: [JinjaValue] = []
      for item in items {
        let inner = TemplateScope(inside: scope)
        try assign(item, to: loop.target, inner)
        if try evaluate(condition, inner).isTrue { kept.append(item) }
      }
      items = kept
    }
    guard !items.isEmpty else { return try run(loop.otherwise, scope, &output) }
    loopDepth += 1
    defer { loopDepth -= 1 }
    let state = JinjaLoop(items: items, depth: loopDepth)
    if loop.isRecursive {
      state.recurse = { [unowned self] value in
        var text = ""
        try self.nested { () throws(ChatTemplateError) in
          _ = try self.run(loop, over: value, scope, &text)
        }
        return .string(text)
      }
    }
    for index in items.indices {
      try spend(0)
      state.index = index
      let inner = TemplateScope(inside: scope)
      inner["loop"] = .loop(state)
      try assign(items[index], to: loop.target, inner)
      if try run(loop.body, inner, &output) == .leave { break }
    }
    return .next
  }

  private func callable(_ macro: TemplateStatement.Macro, _ scope: TemplateScope) -> JinjaCallable {
    JinjaCallable(macro.name) { (renderer, arguments) throws(ChatTemplateError) in
      let inner = TemplateScope(inside: scope)
      let extra = arguments.positional.dropFirst(macro.parameters.count)
      inner["varargs"] = .tuple(Array(extra))
      var others = JinjaDictionary()
      for (name, value) in arguments.named {
        if name == "caller" {
          inner["caller"] = value
        } else if !macro.parameters.contains(where: { $0.name == name }) {
          others[.string(name)] = value
        }
      }
      inner["kwargs"] = .dictionary(others)
      for (index, parameter) in macro.parameters.enumerated() {
        if let value = arguments[index, parameter.name] {
          inner[parameter.name] = value
        } else if let fallback = parameter.fallback {
          inner[parameter.name] = try renderer.evaluate(fallback, inner)
        } else {
          inner[parameter.name] = .undefined("parameter " + parameter.name)
        }
      }
      return try renderer.text(of: macro.body, inner)
    }
  }

  private func assign(_ value: JinjaValue, to target: TemplateTarget, _ scope: TemplateScope)
    throws(ChatTemplateError)
  {
    switch target {
    case .name(let name): scope[name] = value
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace) = scope[name] ?? .undefined(name) else {
        throw .type(operation: "setting an attribute", value: "anything but a namespace")
      }
      guard !attribute.hasPrefix("_") else { throw .forbidden("the attribute " + attribute) }
      try spend(on: value)
      namespace.attributes[.string(attribute)] = value
    case .tuple(let targets):
      let items = try items(of: value)
      guard items.count == targets.count else {
        throw .type(operation: "unpacking \(targets.count) values", value: "\(items.count)")
      }
      for (target, item) in zip(targets, items) { try assign(item, to: target, scope) }
    }
  }
}
