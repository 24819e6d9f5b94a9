/// The numbers of `range(...)`.
struct JinjaRange {
  var start: Int
  var end: Int
  var step: Int

  /// The longest that jinja2's sandbox allows.
  static let maximumCount = 100_000

  /// - Throws: When the step is zero or there are too many numbers.
  init(_ start: Int, _ end: Int, _ step: Int) throws(ChatTemplateError) {
    guard step != 0 else { throw .arithmetic("the step of a range is zero") }
    self.init(start: start, end: end, step: step)
    guard (step > 0 ? start >= end : start <= end) || distance / step.magnitude < Self.maximumCount
    else { throw .limitExceeded(.output) }
  }

  private init(start: Int, end: Int, step: Int) {
    self.start = start
    self.end = end
    self.step = step
  }

  /// From the first number to the last, which is `count - 1` steps away.
  private var distance: UInt {
    let (low, high) = step > 0 ? (start, end) : (end, start)
    return high > low ? UInt(bitPattern: high) &- UInt(bitPattern: low) - 1 : 0
  }

  var count: Int {
    (step > 0 ? start >= end : start <= end) ? 0 : Int(distance / step.magnitude) + 1
  }

  subscript(index: Int) -> Int { start + index * step }

  var items: [JinjaValue] { (0..<count).map { .integer(self[$0]) } }

  func contains(_ number: Int) -> Bool {
    guard count > 0 else { return false }
    let last = self[count - 1]
    guard (min(start, last)...max(start, last)).contains(number) else { return false }
    let (low, high) = step > 0 ? (start, number) : (number, start)
    return (UInt(bitPattern: high) &- UInt(bitPattern: low)) % step.magnitude == 0
  }

  static func == (a: JinjaRange, b: JinjaRange) -> Bool {
    guard a.count == b.count else { return false }
    return a.count == 0 || (a.start == b.start && (a.count == 1 || a.step == b.step))
  }
}

/// What filters such as `map` give: gone through once, then empty.
///
/// The items are made at once, and an error among them waits until one comes to its place, as it would if they were
/// made one by one.
final class JinjaGenerator {
  let name: String
  private var items: [JinjaValue]
  private var failure: ChatTemplateError?
  private var index = 0

  init(_ name: String, _ items: [JinjaValue], failure: ChatTemplateError? = nil) {
    self.name = name
    self.items = items
    self.failure = failure
  }

  /// What is left, for those who measure.
  var remaining: ArraySlice<JinjaValue> { items[index...] }

  func next() throws(ChatTemplateError) -> JinjaValue? {
    guard index < items.count else {
      if let failure {
        self.failure = nil
        throw failure
      }
      return nil
    }
    defer { index += 1 }
    return items[index]
  }

  func rest() throws(ChatTemplateError) -> [JinjaValue] {
    let rest = Array(remaining)
    items = []
    index = 0
    if let failure {
      self.failure = nil
      throw failure
    }
    return rest
  }
}

/// The only value that a template can change: `namespace(...)`.
final class JinjaNamespace {
  var attributes: JinjaDictionary

  init(_ attributes: JinjaDictionary) { self.attributes = attributes }
}

/// `cycler(...)`.
final class JinjaCycler {
  let items: [JinjaValue]
  var position = 0

  init(_ items: [JinjaValue]) { self.items = items }
}

/// The `loop` variable of a `for` statement.
final class JinjaLoop {
  let items: [JinjaValue]
  let depth: Int
  var index = 0
  /// What `loop.changed` saw last.
  var seen: [JinjaValue]?
  /// Renders the loop again over other items, for a recursive loop.
  var recurse: ((JinjaValue) throws(ChatTemplateError) -> JinjaValue)?

  init(items: [JinjaValue], depth: Int) {
    self.items = items
    self.depth = depth
  }
}

/// The arguments of a call, ready for use.
struct JinjaArguments {
  var positional: [JinjaValue] = []
  var named: [(name: String, value: JinjaValue)] = []

  /// The argument at a place or of a name.
  subscript(index: Int, name: String) -> JinjaValue? {
    index < positional.count ? positional[index] : named.last { $0.name == name }?.value
  }

  /// Refuses arguments that a function does not have: what is called must get its parameters once each, and all
  /// those without a default.
  func check(_ function: String, _ parameters: [String], required: Int = 0)
    throws(ChatTemplateError)
  {
    guard positional.count <= parameters.count else {
      throw .type(operation: function, value: "\(positional.count) arguments")
    }
    for (name, _) in named {
      guard let place = parameters.firstIndex(of: name), place >= positional.count else {
        throw .type(operation: function, value: "an argument named \(name)")
      }
    }
    for name in parameters.prefix(required).dropFirst(positional.count)
    where !named.contains(where: { $0.name == name }) {
      throw .type(operation: function, value: "too few arguments")
    }
  }
}

/// A macro, a method or a function of the engine.
final class JinjaCallable {
  let name: String
  /// How it is printed.
  let spelling: String
  /// What is looked up on it, as the name of a macro.
  let attributes: [String: JinjaValue]
  let call: (TemplateRenderer, JinjaArguments) throws(ChatTemplateError) -> JinjaValue

  init(
    _ name: String, spelling: String? = nil, attributes: [String: JinjaValue] = [:],
    call: @escaping (TemplateRenderer, JinjaArguments) throws(ChatTemplateError) -> JinjaValue
  ) {
    self.name = name
    self.spelling = spelling ?? "<function " + name + ">"
    self.attributes = attributes
    self.call = call
  }
}
