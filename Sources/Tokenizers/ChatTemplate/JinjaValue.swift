/// A value while a template renders: what Python would have in its place.
enum JinjaValue {
  /// The result of looking up what is not there; the text says what.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  /// A string that is called safe: what joins it is escaped for HTML.
  case markup(String)
  case list([JinjaValue])
  case tuple([JinjaValue])
  case dictionary(JinjaDictionary)
  /// What `keys()`, `values()` and `items()` of a dictionary give.
  indirect case view(JinjaDictionary, JinjaDictionary.Part)
  indirect case range(JinjaRange)
  /// What can be gone through once.
  case generator(JinjaGenerator)
  case namespace(JinjaNamespace)
  case loop(JinjaLoop)
  case cycler(JinjaCycler)
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
      for member in members { dictionary[member.key] = JinjaValue(member.value) }
      self = .dictionary(dictionary)
    }
  }

  /// What a value takes in a list.
  static let byteCount = MemoryLayout<JinjaValue>.stride

  /// Python's truth of a value.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let value), .markup(let value): !value.isEmpty
    case .list(let items), .tuple(let items): !items.isEmpty
    case .dictionary(let dictionary), .view(let dictionary, _): dictionary.count > 0
    case .range(let range): range.count > 0
    case .loop(let loop): !loop.items.isEmpty
    case .generator, .namespace, .cycler, .callable: true
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }
  var isNone: Bool { if case .none = self { true } else { false } }
  var isMarkup: Bool { if case .markup = self { true } else { false } }

  /// The text of a string, safe or not.
  var text: String? {
    switch self {
    case .string(let text), .markup(let text): text
    default: nil
    }
  }

  /// A text made of this string: safe if it is.
  func remade(_ text: String) -> JinjaValue { isMarkup ? .markup(text) : .string(text) }

  /// What an error message calls the value.
  var typeName: String {
    switch self {
    case .undefined: "an undefined value"
    case .none: "none"
    case .bool: "a boolean"
    case .integer, .number: "a number"
    case .string, .markup: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dictionary: "a dictionary"
    case .view: "a view of a dictionary"
    case .range: "a range"
    case .generator: "a generator"
    case .namespace: "a namespace"
    case .loop: "a loop"
    case .cycler: "a cycler"
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
    case (.string(let a), .string(let b)), (.string(let a), .markup(let b)),
      (.markup(let a), .string(let b)), (.markup(let a), .markup(let b)):
      return ScalarText.isEqual(a, b)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { $0.isEqual(to: $1) }
    case (.dictionary(let a), .dictionary(let b)):
      return a.count == b.count
        && a.entries.allSatisfy { entry in b[entry.key]?.isEqual(to: entry.value) ?? false }
    case (.view(let a, .keys), .view(let b, .keys)):
      return a.count == b.count && a.entries.allSatisfy { b[$0.key] != nil }
    case (.view(let a, .items), .view(let b, .items)):
      return JinjaValue.dictionary(a).isEqual(to: .dictionary(b))
    case (.range(let a), .range(let b)): return a == b
    case (.generator(let a), .generator(let b)): return a === b
    case (.namespace(let a), .namespace(let b)): return a === b
    case (.callable(let a), .callable(let b)): return a === b
    case (.cycler(let a), .cycler(let b)): return a === b
    case (.loop(let a), .loop(let b)): return a === b
    default:
      if let a = asInteger, let b = other.asInteger { return a == b }
      if let a = asDouble, let b = other.asDouble { return a == b }
      return false
    }
  }
}
