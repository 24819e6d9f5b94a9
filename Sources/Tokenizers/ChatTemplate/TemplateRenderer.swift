/// Renders statements. Every step counts against a limit, so that no template runs forever.
final class TemplateRenderer {
  /// Calls and expressions inside each other.
  static let maximumDepth = 400

  private enum Flow { case next, leave, again }

  let clock: TemplateClock
  private var budget = TemplateBudget(inputs: ValueSize())
  private var depth = 0
  /// The text that the filters of a filter block work on.
  var filterInput: [JinjaValue] = []
  /// What may refer to itself, emptied at the end.
  private var scopes: [TemplateScope] = []
  private var namespaces: [JinjaNamespace] = []
  /// What blocks see: the variables and what the template sets outside of everything.
  private var outermost: TemplateScope?

  init(clock: TemplateClock) { self.clock = clock }

  func render(_ statements: [TemplateStatement], _ globals: TemplateScope)
    throws(ChatTemplateError) -> String
  {
    defer {
      for scope in scopes { scope.removeAll() }
      for namespace in namespaces { namespace.attributes = JinjaDictionary() }
    }
    budget = TemplateBudget(inputs: try Self.size(of: globals))
    var output = ""
    let scope = TemplateScope(inside: globals)
    outermost = scope
    defer { outermost = nil }
    _ = try run(statements, scope, &output)
    return output
  }

  private static func size(of scope: TemplateScope) throws(ChatTemplateError) -> ValueSize {
    var values: [JinjaValue] = []
    scope.forEachLiveValue { values.append($0) }
    var size = ValueSize()
    for value in values { try size.add(value) { _ in } }
    return size
  }

  func makeNamespace(_ attributes: JinjaDictionary) -> JinjaNamespace {
    let namespace = JinjaNamespace(attributes)
    namespaces.append(namespace)
    return namespace
  }

  // MARK: Limits

  var maximumBytes: Int { budget.maximumBytes }

  /// Counts work.
  func spend(_ count: Int) throws(ChatTemplateError) { try budget.step(1 + count / 64) }

  /// Counts the work and the memory of a value that is about to be made.
  func make(_ bytes: Int) throws(ChatTemplateError) { try budget.make(bytes) }

  /// Counts the work of going through a text scalar by scalar, slower than copying it.
  func spendScan(of text: String) throws(ChatTemplateError) {
    try budget.step(1 + text.utf8.count / 8)
  }

  /// Counts every value inside a value, and refuses values nested too deep: what recurses over values later
  /// then ends, and soon.
  @discardableResult
  func spend(on value: JinjaValue) throws(ChatTemplateError) -> ValueSize {
    var size = ValueSize()
    if let text = value.text {
      size.bytes = text.utf8.count
      return size
    }
    try size.add(value) { (count) throws(ChatTemplateError) in try budget.step(count) }
    return size
  }

  func nested<Result>(_ body: () throws(ChatTemplateError) -> Result) throws(ChatTemplateError)
    -> Result
  {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw .limitExceeded(.nesting) }
    try budget.step()
    return try body()
  }

  /// The text of a value, as it is printed.
  func spelled(_ value: JinjaValue) throws(ChatTemplateError) -> String {
    if let text = value.text { return text }
    return value.isUndefined ? "" : try representation(value)
  }

  /// The text of a value, as it is spelled inside a list.
  func representation(_ value: JinjaValue) throws(ChatTemplateError) -> String {
    let size = try spend(on: value)
    let text = PythonText.representation(value)
    try make(max(size.bytes, text.utf8.count))
    return text
  }

  // MARK: Statements

  private func append(_ text: String, to output: inout String) throws(ChatTemplateError) {
    try budget.buffer(text.utf8.count)
    guard output.utf8.count + text.utf8.count <= maximumBytes else { throw .limitExceeded(.output) }
    output += text
  }

  private func run(
    _ statements: [TemplateStatement], _ scope: TemplateScope, _ output: inout String
  ) throws(ChatTemplateError) -> Flow {
    for statement in statements {
      if budget.wantsAudit { audit(scope) }
      budget.beginStatement()
      let flow = try run(statement, scope, &output)
      if flow != .next { return flow }
    }
    return .next
  }

  private func audit(_ scope: TemplateScope) {
    budget.audited(
      live: ValueSize.live { add in
        scope.forEachLiveValue(add)
        for text in filterInput { add(text) }
      })
  }

  /// What statements render on their own, as the value of a block.
  func text(of statements: [TemplateStatement], _ scope: TemplateScope)
    throws(ChatTemplateError) -> JinjaValue
  {
    var text = ""
    let held = budget.pin()
    try nested { () throws(ChatTemplateError) in _ = try run(statements, scope, &text) }
    budget.unpin(held)
    budget.unbuffer(text.utf8.count)
    try budget.make(text.utf8.count)
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
      let result = try filtered(text, filter, scope)
      guard let text = result.text else {
        throw .type(operation: "a filter block", value: result.typeName)
      }
      try append(text, to: &output)
    case .macro(let macro):
      scopes.append(scope)
      scope[macro.name] = .callable(callable(macro, scope))
    case .callBlock(let caller, let call):
      let inner = TemplateScope(inside: scope)
      try append(
        spelled(evaluateCall(call, scope, caller: callable(caller, inner))), to: &output)
    case .with(let bindings, let body):
      let inner = TemplateScope(inside: scope)
      for (target, value) in bindings { try assign(try evaluate(value, scope), to: target, inner) }
      return try run(body, inner, &output)
    case .generation(let body):
      let text = try text(of: body, TemplateScope(inside: scope))
      try append(spelled(text), to: &output)
    case .block(let body):
      _ = try run(body, TemplateScope(inside: outermost ?? scope), &output)
    case .refused(let what): throw .forbidden(what)
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
    _ loop: TemplateStatement.Loop, over value: JinjaValue, depth: Int = 1, _ scope: TemplateScope,
    _ output: inout String
  ) throws(ChatTemplateError) -> Flow {
    var items = try self.items(of: value)
    if let condition = loop.condition {
      var kept: [JinjaValue] = []
      for item in items {
        try budget.step()
        let inner = TemplateScope(inside: scope)
        try assign(item, to: loop.target, inner)
        if try evaluate(condition, inner).isTrue { kept.append(item) }
      }
      try make(kept.count * JinjaValue.byteCount)
      items = kept
    }
    let state = JinjaLoop(items: items, depth: depth)
    defer { state.seen = nil }
    if loop.isRecursive {
      state.recurse = { [unowned self] (value) throws(ChatTemplateError) in
        var text = ""
        let held = self.budget.pin()
        try self.nested { () throws(ChatTemplateError) in
          _ = try self.run(loop, over: value, depth: depth + 1, scope, &text)
        }
        self.budget.unpin(held)
        self.budget.unbuffer(text.utf8.count)
        try self.budget.make(text.utf8.count)
        return .string(text)
      }
    }
    var isFinished = false
    for index in items.indices {
      try budget.step()
      state.index = index
      let inner = TemplateScope(inside: scope)
      inner["loop"] = .loop(state)
      try assign(items[index], to: loop.target, inner)
      let flow = try run(loop.body, inner, &output)
      if flow == .leave { break }
      if flow == .next { isFinished = true }
    }
    // jinja2 takes a loop for empty when no turn of it came to its end.
    if !isFinished { _ = try run(loop.otherwise, TemplateScope(inside: scope), &output) }
    return .next
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
      namespace.attributes[attribute] = value
    case .tuple(let targets):
      let items = try items(of: value)
      guard items.count == targets.count else {
        throw .type(operation: "unpacking \(targets.count) values", value: "\(items.count)")
      }
      for (target, item) in zip(targets, items) { try assign(item, to: target, scope) }
    }
  }
}
