/// A key of a dictionary. Equal numbers are equal keys.
enum JinjaKey: Hashable {
  case text(JinjaKeyText)
  case integer(Int)
  case number(Double)
  case none
  case tuple([JinjaKey])

  static func string(_ text: String) -> JinjaKey { .text(JinjaKeyText(text: text)) }

  init(_ value: JinjaValue) throws(ChatTemplateError) {
    switch value {
    case .string(let text), .markup(let text): self = .string(text)
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

/// A text that is equal only to the same scalars, where Swift's strings are equal to canonical equivalents.
struct JinjaKeyText: Hashable {
  var text: String

  static func == (a: Self, b: Self) -> Bool { ScalarText.isEqual(a.text, b.text) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

/// A dictionary that keeps the order in which its keys came, and how they were spelled: `1`, `1.0` and `True` are
/// one key.
struct JinjaDictionary {
  enum Part: String { case keys, values, items }

  private(set) var entries: [(key: JinjaKey, spelled: JinjaValue, value: JinjaValue)] = []
  private var places: [JinjaKey: Int] = [:]

  var count: Int { entries.count }

  subscript(key: JinjaKey) -> JinjaValue? { places[key].map { entries[$0].value } }

  subscript(key: String) -> JinjaValue? {
    get { self[JinjaKey.string(key)] }
    set { if let newValue { set(JinjaKey.string(key), .string(key), newValue) } }
  }

  mutating func set(_ spelled: JinjaValue, _ value: JinjaValue) throws(ChatTemplateError) {
    set(try JinjaKey(spelled), spelled, value)
  }

  private mutating func set(_ key: JinjaKey, _ spelled: JinjaValue, _ value: JinjaValue) {
    if let place = places[key] {
      entries[place].value = value
    } else {
      places[key] = entries.count
      entries.append((key, spelled, value))
    }
  }

  /// The keys, the values, or pairs of both.
  func list(_ part: Part) -> [JinjaValue] {
    switch part {
    case .keys: entries.map(\.spelled)
    case .values: entries.map(\.value)
    case .items: entries.map { .tuple([$0.spelled, $0.value]) }
    }
  }
}
