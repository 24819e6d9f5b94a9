/// A value while a template renders: what Python would have in its place.
enum JinjaValue {
  /// The result of looking up what is not there; the text says what.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case list([JinjaValue])
  case tuple([JinjaValue])
  case dictionary(JinjaDictionary)
  case namespace(JinjaNamespace)
  case loop(JinjaLoop)
  case callable(JinjaCallable)

  init(_ json: JSONValue) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let value): self = .string(value)
    case .array(let values): self = .list(values.map(JinjaValue.init))
    case .object(let members):
      var dictionary = JinjaDictionary()
      for member in members { dictionary[.string(member.key)] = JinjaValue(member.value) }
      self = .dictionary(dictionary)
    }
  }

  /// Python's truth of a value.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let items), .tuple(let items): !items.isEmpty
    case .dictionary(let dictionary): dictionary.count > 0
    case .namespace, .loop, .callable: true
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  /// What an error message calls the value.
  var typeName: String {
    switch self {
    case .undefined: "an undefined value"
    case .none: "none"
    case .bool: "a boolean"
    case .integer, .number: "a number"
    case .string: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dictionary: "a dictionary"
    case .namespace: "a namespace"
    case .loop: "a loop"
    case .callable: "a function"
    }
  }

  /// The value as a number, for booleans count as 0 and 1.
  var asInteger: Int? {
    switch self {
    case .integer(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  var asDouble: Double? {
    if case .number(let value) = self { return value }
    return asInteger.map(Double.init)
  }

  func isEqual(to other: JinjaValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { $0.isEqual(to: $1) }
    case (.dictionary(let a), .dictionary(let b)):
      return a.count == b.count
        && a.entries.allSatisfy { entry in b[entry.key]?.isEqual(to: entry.value) ?? false }
    case (.namespace(let a), .namespace(let b)): return a === b
    case (.callable(let a), .callable(let b)): return a === b
    case (.loop(let a), .loop(let b)): return a === b
    default:
      if let a = asInteger, let b = other.asInteger { return a == b }
      if let a = asDouble, let b = other.asDouble { return a == b }
      return false
    }
  }
}

/// A key of a dictionary. Equal numbers are equal keys.
enum JinjaKey: Hashable {
  case string(String)
  case integer(Int)
  case number(Double)
  case none
  case tuple([JinjaKey])

  init(_ value: JinjaValue) throws(ChatTemplateError) {
    switch value {
    case .string(let text): self = .string(text)
    case .bool(let flag): self = .integer(flag ? 1 : 0)
    case .integer(let number): self = .integer(number)
    case .number(let number):
      self = Int(exactly: number).map { .integer($0) } ?? .number(number)
    case .none: self = .none
    case .tuple(let items):
      var keys: [JinjaKey] = []
      for item in items { keys.append(try JinjaKey(item)) }
      self = .tuple(keys)
    default: throw .type(operation: "a dictionary key", value: value.typeName)
    }
  }
}

/// A dictionary that keeps the order in which its keys came.
struct JinjaDictionary {
  private(set) var entries: [(key: JinjaKey, value: JinjaValue)] = []
  private var places: [JinjaKey: Int] = [:]

  var count: Int { entries.count }

  subscript(key: JinjaKey) -> JinjaValue? {
    get { places[key].map { entries[$0].value } }
    set {
      guard let newValue else { return }
      if let place = places[key] {
        entries[place].value = newValue
      } else {
        places[key] = entries.count
        entries.append((key, newValue))
      }
    }
  }

  var keys: [JinjaValue] { entries.map { $0.key.value } }
  var values: [JinjaValue] { entries.map(\.value) }
  var items: [JinjaValue] { entries.map { .tuple([$0.key.value, $0.value]) } }
}

extension JinjaKey {
  var value: JinjaValue {
    switch self {
    case .string(let text): .string(text)
    case .integer(let number): .integer(number)
    case .number(let number): .number(number)
    case .none: .none
    case .tuple(let keys): .tuple(keys.map(\.value))
    }
  }
}

/// The only value that a template can change: `namespace(...)`.
final class JinjaNamespace {
  var attributes: JinjaDictionary

  init(_ attributes: JinjaDictionary) { self.attributes = attributes }
}

/// The `loop` variable of a `for` statement.
final class JinjaLoop {
  let items: [JinjaValue]
  let depth: Int
  var index = 0
  /// What `loop.changed` saw last.
  var seen: [JinjaValue]?
  /// Renders the loop again over other items, for a recursive loop.
  var recurse: ((JinjaValue) throws -> JinjaValue)?

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
}

/// A macro, a method or a function of the engine.
final class JinjaCallable {
  let name: String
  let call: (TemplateRenderer, JinjaArguments) throws(ChatTemplateError) -> JinjaValue

  init(
    _ name: String,
    call: @escaping (TemplateRenderer, JinjaArguments) throws(ChatTemplateError) -> JinjaValue
  ) {
    self.name = name
    self.call = call
  }
}
