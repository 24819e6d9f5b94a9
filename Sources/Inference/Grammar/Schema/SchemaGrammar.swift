import Tokenizers

/// Turns a JSON schema into rules for the JSON texts that conform to it.
///
/// Every text of the grammar conforms; not every text that conforms is of the grammar: properties are
/// written in their order, objects have no properties that the schema does not speak of unless
/// `additionalProperties` says so, tuples are written whole, and a keyword that is about one type (as
/// `minLength`) means that type when `type` is missing.
///
/// Keywords that a grammar cannot hold are refused; those that JSON Schema does not know, and formats
/// other than ``JSONForms/formatNames``, are ignored, as it says. References stay in the document.
///
/// - Source: JSON Schema 2020-12, with the forms of `items` and `additionalItems` of earlier drafts.
struct SchemaGrammar {
  typealias Expression = GrammarSyntax.Expression

  /// Schemas looked at, one that is referred to in a merge counted again.
  static let maximumSize = 20_000
  /// Schemas in schemas and merges in merges; JSON texts are not as deep.
  static let maximumDepth = 512

  let root: JSONValue
  var rules: [String: Expression] = [:]
  /// References whose rules are to be made.
  private var pending: [(reference: String, schema: JSONValue)] = []
  private var size = 0
  var depth = 0

  static func syntax(for text: [UInt8]) throws -> GrammarSyntax {
    let root: JSONValue
    do { root = try JSONValue(parsing: text) } catch { throw SchemaError.malformed(error) }
    var schema = SchemaGrammar(root: root)
    let body = try schema.expression(root, at: "#")
    schema.rules["root"] = body
    while let next = schema.pending.popLast() {
      schema.rules[next.reference] = try schema.expression(next.schema, at: next.reference)
    }
    let shared = try Grammar.parse(JSONForms.shared + "\n" + JSONForms.formats)
    var syntax = GrammarSyntax()
    syntax.rules = shared.rules
    for (name, body) in schema.rules.sorted(by: { $0.key < $1.key }) {
      syntax.rules.append(.init(name: name, place: JSONForms.place, body: body))
    }
    return syntax
  }

  init(root: JSONValue) { self.root = root }

  // MARK: Schemas

  mutating func expression(_ schema: JSONValue, at place: String) throws(SchemaError) -> Expression
  {
    try count(at: place)
    switch schema {
    case .bool(true): return JSONForms.rule("value")
    case .bool(false): throw .nothingConforms(at: place)
    case .object(let members): return try expression(SchemaNode(members, at: place))
    default: throw .badValue(at: place, keyword: "the schema", expected: "an object, true or false")
    }
  }

  mutating func expression(_ node: SchemaNode) throws(SchemaError) -> Expression {
    try count(at: node.place)
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw .endless(at: node.place) }
    if let reference = try node.string("$ref"), node.keywords.count == 1 {
      return JSONForms.rule(try rule(for: reference, from: node))
    }
    if node.has(["$ref", "allOf"]) { return try expression(merged(node)) }
    if node.has(["anyOf", "oneOf"]) { return try choice(node) }
    if node.has(["enum", "const"]) { return try enumeration(node) }
    let types = try self.types(of: node)
    if types.isEmpty { return JSONForms.rule("value") }
    var ways: [Expression] = []
    var refusal: SchemaError?
    for type in types {
      do { ways.append(try expression(of: type, node)) } catch {
        guard case .nothingConforms = error else { throw error }
        refusal = error
      }
    }
    if let refusal, ways.isEmpty { throw refusal }
    return ways.count == 1 ? ways[0] : .choice(ways)
  }

  private mutating func expression(
    of type: String, _ node: SchemaNode
  ) throws(SchemaError) -> Expression {
    switch type {
    case "object": try object(node)
    case "array": try array(node)
    case "string": try string(node)
    case "integer": try integer(node)
    case "number": try number(node)
    case "boolean": JSONForms.rule("boolean")
    case "null": JSONForms.rule("null")
    default:
      throw .badValue(at: node.place, keyword: "type", expected: "a type of JSON Schema")
    }
  }

  /// The types that a schema names or speaks about, none for any.
  func types(of node: SchemaNode) throws(SchemaError) -> [String] {
    switch node["type"] {
    case .string(let type)?: return [type]
    case .array(let list)?:
      var types: [String] = []
      for type in list {
        guard let name = type.string else {
          throw .badValue(at: node.place, keyword: "type", expected: "a type or a list of types")
        }
        if !types.contains(name) { types.append(name) }
      }
      // Every integer is a number already.
      return types.contains("number") ? types.filter { $0 != "integer" } : types
    case nil: break
    default:
      throw .badValue(at: node.place, keyword: "type", expected: "a type or a list of types")
    }
    var types: [String] = []
    if node.has(["properties", "required", "additionalProperties"]) { types.append("object") }
    if node.has(["items", "prefixItems", "additionalItems", "minItems", "maxItems"]) {
      types.append("array")
    }
    if node.has(["minLength", "maxLength", "pattern"]) { types.append("string") }
    if let format = node["format"]?.string, JSONForms.formatNames.contains(format),
      !types.contains("string")
    {
      types.append("string")
    }
    if node.has(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]) {
      types.append("number")
    }
    return types
  }

  mutating func count(at place: String) throws(SchemaError) {
    size += 1
    guard size <= Self.maximumSize else { throw .tooLarge(at: place, limit: Self.maximumSize) }
  }

  // MARK: References

  /// The rule of what a reference names.
  private mutating func rule(
    for reference: String, from node: SchemaNode
  ) throws(SchemaError) -> String {
    let schema = try target(of: reference, from: node)
    if rules[reference] == nil {
      // Until it is made, nothing; it is made before the grammar is used.
      rules[reference] = .sequence([])
      pending.append((reference, schema))
    }
    return reference
  }

  /// What a reference names: `#`, or `#` and a JSON pointer.
  ///
  /// - Source: RFC 6901, section 6.
  func target(of reference: String, from node: SchemaNode) throws(SchemaError) -> JSONValue {
    let failure = SchemaError.badReference(at: node.place, reference)
    guard reference.hasPrefix("#") else { throw failure }
    let steps = reference.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard steps.first?.isEmpty ?? true else { throw failure }
    var schema = root
    for step in steps.dropFirst() {
      let step = Self.decoded(step)
      let next: JSONValue? =
        switch schema {
        case .object: schema[step]
        case .array(let list): Int(step).flatMap { list.indices.contains($0) ? list[$0] : nil }
        default: nil
        }
      guard let next else { throw failure }
      schema = next
    }
    return schema
  }

  /// A step of a pointer without its escapes of URLs and of pointers.
  private static func decoded(_ step: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(step.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else if byte == UInt8(ascii: "~"), let digit = rest.first, digit == 0x30 || digit == 0x31 {
        bytes.append(digit == 0x30 ? UInt8(ascii: "~") : UInt8(ascii: "/"))
        rest = rest.dropFirst()
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
