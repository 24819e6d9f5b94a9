import Tokenizers

// MARK: allOf and references with keywords beside them

extension SchemaGrammar {
  /// One schema that says what a schema, the one it refers to and all of `allOf` say.
  mutating func merged(_ node: SchemaNode) throws(SchemaError) -> SchemaNode {
    try count(at: node.place)
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw .endless(at: node.place) }
    var merged = node.without("$ref", "allOf")
    var parts: [(JSONValue, String)] = []
    if let reference = try node.string("$ref") {
      parts.append((try target(of: reference, from: node), reference))
    }
    for (index, part) in (try node.list("allOf") ?? []).enumerated() {
      parts.append((part, "\(node.place)/allOf/\(index)"))
    }
    for (part, place) in parts {
      switch part {
      case .bool(true): continue
      case .bool(false): throw .nothingConforms(at: place)
      case .object(let members):
        var other = try SchemaNode(members, at: place)
        if other.has(["$ref", "allOf"]) { other = try self.merged(other) }
        try merge(other, into: &merged)
      default:
        throw .badValue(at: place, keyword: "the schema", expected: "an object, true or false")
      }
    }
    return merged
  }

  private func merge(_ other: SchemaNode, into node: inout SchemaNode) throws(SchemaError) {
    try keepClosed(node, other)
    for (keyword, value) in other.keywords.sorted(by: { $0.key < $1.key }) {
      guard let mine = node[keyword], mine != value else {
        node.set(keyword, value)
        continue
      }
      node.set(keyword, try merged(keyword, mine, value, at: node.place))
    }
  }

  /// `additionalProperties` is about the properties beside it only, so it survives a merge only
  /// where the other schema names no others.
  private func keepClosed(_ a: SchemaNode, _ b: SchemaNode) throws(SchemaError) {
    for (one, other) in [(a, b), (b, a)] {
      guard let extra = one["additionalProperties"], extra != .bool(true) else { continue }
      let known = Set(try one.object("properties").map(\.key))
      let named = try other.object("properties").map(\.key) + other.strings("required")
      if let key = named.first(where: { !known.contains($0) }) {
        throw .unsupported(
          at: one.place, keyword: "additionalProperties",
          why: "merged with a schema that names the property '\(key)'")
      }
    }
  }

  private func merged(
    _ keyword: String, _ a: JSONValue, _ b: JSONValue, at place: String
  ) throws(SchemaError) -> JSONValue {
    switch keyword {
    case "minimum", "exclusiveMinimum", "minLength", "minItems":
      if let x = a.finite, let y = b.finite { return x < y ? b : a }
    case "maximum", "exclusiveMaximum", "maxLength", "maxItems":
      if let x = a.finite, let y = b.finite { return x < y ? a : b }
    case "required":
      if let x = a.array, let y = b.array { return .array(x + y.filter { !x.contains($0) }) }
    case "enum":
      if let x = a.array, let y = b.array { return try some(x.filter(y.contains), at: place) }
    case "type":
      let x = a.array ?? [a]
      let y = b.array ?? [b]
      func allows(_ types: [JSONValue], _ type: JSONValue) -> Bool {
        types.contains(type) || (type == .string("integer") && types.contains(.string("number")))
      }
      return try some((x + y).filter { allows(x, $0) && allows(y, $0) }, at: place)
    case "properties":
      if let x = a.object, let y = b.object {
        return .object(
          x.map { member in
            guard let other = b[member.key], other != member.value else { return member }
            return .init(member.key, .object([.init("allOf", .array([member.value, other]))]))
          } + y.filter { a[$0.key] == nil })
      }
    case "additionalProperties":
      if a == .bool(false) || b == .bool(false) { return .bool(false) }
      if a == .bool(true) { return b }
      if b == .bool(true) { return a }
    default: break
    }
    throw .unsupported(at: place, keyword: keyword, why: "twice, with two meanings, in one schema")
  }

  private func some(_ values: [JSONValue], at place: String) throws(SchemaError) -> JSONValue {
    guard !values.isEmpty else { throw .nothingConforms(at: place) }
    return .array(values)
  }
}

// MARK: anyOf and oneOf

extension SchemaGrammar {
  /// Each alternative with what is said beside it.
  mutating func choice(_ node: SchemaNode) throws(SchemaError) -> Expression {
    let keyword = node["anyOf"] == nil ? "oneOf" : "anyOf"
    guard let list = try node.list(keyword) else { return JSONForms.rule("value") }
    let base = node.without(keyword)
    if keyword == "oneOf" { try requireDisjoint(list, node) }
    var ways: [Expression] = []
    for (index, alternative) in list.enumerated() {
      let place = "\(node.place)/\(keyword)/\(index)"
      do {
        if base.keywords.isEmpty {
          ways.append(try expression(alternative, at: place))
        } else {
          let both = base.keywords.sorted { $0.key < $1.key }.map {
            JSONValue.Member($0.key, $0.value)
          }
          let schema = JSONValue.object([.init("allOf", .array([.object(both), alternative]))])
          ways.append(try expression(schema, at: place))
        }
      } catch {
        guard case .nothingConforms = error else { throw error }
      }
    }
    guard !ways.isEmpty else { throw .nothingConforms(at: node.place) }
    return .choice(ways)
  }

  /// Exactly one may hold, and a grammar cannot see to that: no text of one may conform to another.
  private func requireDisjoint(
    _ list: [JSONValue], _ node: SchemaNode
  ) throws(SchemaError) {
    guard list.count <= 256 else {
      throw .unsupported(at: node.place, keyword: "oneOf", why: "more than 256 schemas")
    }
    for (index, one) in list.enumerated() {
      for (otherIndex, other) in list.enumerated() where index != otherIndex {
        guard try excludes(one, other, node, depth: 0) else {
          throw .unsupported(
            at: node.place, keyword: "oneOf",
            why: "a text of schema \(index) may conform to schema \(otherIndex); anyOf allows that")
        }
      }
    }
  }

  /// Whether no text that is written for one schema conforms to another. When in doubt, no.
  private func excludes(
    _ one: JSONValue, _ other: JSONValue, _ node: SchemaNode, depth: Int
  ) throws(SchemaError) -> Bool {
    guard depth < 8 else { return false }
    if one == .bool(false) || other == .bool(false) { return true }
    guard let a = try resolved(one, node), let b = try resolved(other, node) else { return false }
    let (types, others) = (try kinds(of: a), try kinds(of: b))
    if !types.isEmpty, !others.isEmpty, types.isDisjoint(with: others) { return true }
    if let x = values(of: a), let y = values(of: b) {
      return !x.contains { value in
        y.contains { $0 == value || value.finite != nil && value.finite == $0.finite }
      }
    }
    guard types == ["object"], others == ["object"] else { return false }
    let (mine, theirs) = (try a.object("properties"), try b.object("properties"))
    let required = Set(try b.strings("required"))
    let isClosed = a["additionalProperties"].map { $0 == .bool(false) } ?? !mine.isEmpty
    let written = Set(mine.map(\.key)).union(try a.strings("required"))
    if isClosed, !required.isSubset(of: written) { return true }
    for key in required.intersection(try a.strings("required")) {
      guard let x = mine.first(where: { $0.key == key }),
        let y = theirs.first(where: { $0.key == key })
      else { continue }
      if try excludes(x.value, y.value, node, depth: depth + 1) { return true }
    }
    return false
  }

  /// A schema without a reference before it; nil for one that combines others.
  private func resolved(
    _ schema: JSONValue, _ node: SchemaNode
  ) throws(SchemaError) -> SchemaNode? {
    var schema = schema
    for _ in 0..<8 {
      guard case .object(let members) = schema else { return nil }
      let inner = try SchemaNode(members, at: node.place)
      if inner.has(["allOf", "anyOf", "oneOf"]) { return nil }
      guard let reference = try inner.string("$ref") else { return inner }
      guard inner.keywords.count == 1 else { return nil }
      schema = try target(of: reference, from: node)
    }
    return nil
  }

  /// Types of what conforms, integers as numbers. A type that is only spoken about does not count: other
  /// types conform as well.
  private func kinds(of node: SchemaNode) throws(SchemaError) -> Set<String> {
    if let values = values(of: node) { return Set(values.map(Self.type(of:))) }
    guard node["type"] != nil else { return [] }
    return Set(try types(of: node).map { $0 == "integer" ? "number" : $0 })
  }

  private func values(of node: SchemaNode) -> [JSONValue]? {
    node["const"].map { [$0] } ?? node["enum"]?.array
  }

  static func type(of value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "boolean"
    case .integer, .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}

// MARK: enum and const

extension SchemaGrammar {
  func enumeration(_ node: SchemaNode) throws(SchemaError) -> Expression {
    let rest = node.without("enum", "const", "type")
    if let keyword = rest.keywords.keys.min() {
      throw .unsupported(at: node.place, keyword: keyword, why: "beside 'enum' or 'const'")
    }
    var values = try node.list("enum") ?? []
    if let only = node["const"] {
      values = node["enum"] == nil || values.contains(only) ? [only] : []
    }
    if node["type"] != nil {
      let types = try types(of: node)
      values = values.filter { value in
        types.contains(Self.type(of: value))
          || types.contains("integer") && value.whole != nil
      }
    }
    guard !values.isEmpty else { throw .nothingConforms(at: node.place) }
    var ways: [Expression] = []
    for value in values {
      guard let text = JSONForms.text(of: value) else {
        throw .badValue(at: node.place, keyword: "enum", expected: "finite numbers")
      }
      ways.append(JSONForms.text(text))
    }
    return .choice(ways)
  }
}
