import Tokenizers

/// An object schema with what its keywords say, all of one place.
struct SchemaNode {
  let place: String
  private(set) var keywords: [String: JSONValue] = [:]

  /// Keywords that say nothing about what conforms, and those of the schema itself. So do all that JSON
  /// Schema does not know, and these are left out as it says.
  private static let assertions: Set<String> = [
    "type", "enum", "const", "properties", "required", "additionalProperties", "items",
    "prefixItems",
    "additionalItems", "minItems", "maxItems", "minLength", "maxLength", "pattern", "format",
    "minimum",
    "maximum", "exclusiveMinimum", "exclusiveMaximum", "anyOf", "oneOf", "allOf", "$ref",
  ]

  /// Keywords of JSON Schema that limit what conforms in ways beyond us.
  private static let beyond: Set<String> = [
    "not", "if", "then", "else", "multipleOf", "uniqueItems", "contains", "minContains",
    "maxContains",
    "minProperties", "maxProperties", "patternProperties", "propertyNames", "dependentRequired",
    "dependentSchemas", "dependencies", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef",
    "$recursiveRef",
  ]

  init(_ members: [JSONValue.Member], at place: String) throws(SchemaError) {
    self.place = place
    for member in members {
      if Self.assertions.contains(member.key) {
        keywords[member.key] = member.value
      } else if Self.beyond.contains(member.key), !Self.isEmpty(member) {
        throw .unsupported(
          at: place, keyword: member.key, why: "a grammar cannot count or compare what was written")
      }
    }
  }

  private static func isEmpty(_ member: JSONValue.Member) -> Bool {
    switch member.key {
    case "uniqueItems", "unevaluatedItems", "unevaluatedProperties":
      member.value == .bool(member.key != "uniqueItems")
    case "patternProperties", "dependentRequired", "dependentSchemas", "dependencies":
      member.value == .object([])
    case "minProperties": member.value == .integer(0)
    // Without `if` they say nothing.
    case "then", "else": true
    default: false
    }
  }

  subscript(keyword: String) -> JSONValue? { keywords[keyword] }

  func without(_ names: String...) -> SchemaNode {
    var rest = self
    for name in names { rest.keywords[name] = nil }
    return rest
  }

  mutating func set(_ keyword: String, _ value: JSONValue) { keywords[keyword] = value }

  func has(_ names: Set<String>) -> Bool { keywords.keys.contains(where: names.contains) }

  // MARK: Keywords of a kind

  /// A count, of at most a million.
  func count(_ keyword: String) throws(SchemaError) -> Int? {
    guard let value = self[keyword] else { return nil }
    guard let count = value.whole, (0...1_000_000).contains(count) else {
      throw .badValue(at: place, keyword: keyword, expected: "a whole number up to 1000000")
    }
    return count
  }

  func string(_ keyword: String) throws(SchemaError) -> String? {
    guard let value = self[keyword] else { return nil }
    guard let string = value.string else {
      throw .badValue(at: place, keyword: keyword, expected: "a string")
    }
    return string
  }

  func object(_ keyword: String) throws(SchemaError) -> [JSONValue.Member] {
    guard let value = self[keyword] else { return [] }
    guard let members = value.object else {
      throw .badValue(at: place, keyword: keyword, expected: "an object")
    }
    return members
  }

  /// A list that has something in it.
  func list(_ keyword: String) throws(SchemaError) -> [JSONValue]? {
    guard let value = self[keyword] else { return nil }
    guard let list = value.array, !list.isEmpty else {
      throw .badValue(at: place, keyword: keyword, expected: "a list with elements")
    }
    return list
  }

  func strings(_ keyword: String) throws(SchemaError) -> [String] {
    guard let value = self[keyword] else { return [] }
    let strings = value.array?.compactMap(\.string)
    guard let strings, strings.count == value.array?.count else {
      throw .badValue(at: place, keyword: keyword, expected: "a list of strings")
    }
    return strings
  }
}

extension JSONValue {
  /// A number without a fraction, however it is written.
  var whole: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  var finite: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value) where value.isFinite: value
    default: nil
    }
  }
}
