import Tokenizers

extension SchemaGrammar {
  mutating func array(_ node: SchemaNode) throws(SchemaError) -> Expression {
    let least = try node.count("minItems") ?? 0
    let most = try node.count("maxItems")
    if let most, most < least { throw .nothingConforms(at: node.place) }
    var prefix: [Expression] = []
    let tuple = try self.tuple(node)
    for (index, schema) in tuple.schemas.enumerated() where most.map({ index < $0 }) ?? true {
      prefix.append(try expression(schema, at: "\(node.place)/\(tuple.keyword)/\(index)"))
    }
    let missing = max(0, least - prefix.count)
    let room = most.map { $0 - prefix.count }
    let item = try self.item(node, tuple, isNeeded: missing > 0)
    guard let item else {
      if missing > 0 { throw .nothingConforms(at: node.place) }
      return bracketed(joined(prefix))
    }
    let comma = Expression.sequence([JSONForms.text(","), JSONForms.rule("space")])
    let following = Expression.sequence([comma, item])
    guard prefix.isEmpty else {
      return bracketed(joined(prefix) + [JSONForms.times(following, missing, room)])
    }
    if most == 0 { return bracketed([]) }
    let items = Expression.sequence([
      item, JSONForms.times(following, max(0, least - 1), most.map { $0 - 1 }),
    ])
    return bracketed([least == 0 ? JSONForms.optional(items) : items])
  }

  /// The schemas of the first elements, and where they stand.
  private func tuple(
    _ node: SchemaNode
  ) throws(SchemaError) -> (schemas: [JSONValue], keyword: String) {
    if case .array? = node["items"] {
      guard let schemas = try node.list("items") else { return ([], "items") }
      return (schemas, "items")
    }
    return (try node.list("prefixItems") ?? [], "prefixItems")
  }

  /// What the other elements are; nil where there are none.
  private mutating func item(
    _ node: SchemaNode, _ tuple: (schemas: [JSONValue], keyword: String), isNeeded: Bool
  ) throws(SchemaError) -> Expression? {
    let keyword = tuple.keyword == "items" ? "additionalItems" : "items"
    let schema: JSONValue
    if let given = node[keyword] {
      schema = given
    } else if tuple.schemas.isEmpty || isNeeded {
      schema = .bool(true)
    } else {
      return nil
    }
    do { return try expression(schema, at: "\(node.place)/\(keyword)") } catch {
      guard case .nothingConforms = error else { throw error }
      return nil
    }
  }

  private func joined(_ items: [Expression]) -> [Expression] {
    items.enumerated().flatMap { index, item in
      index == 0 ? [item] : [JSONForms.text(","), JSONForms.rule("space"), item]
    }
  }

  private func bracketed(_ inside: [Expression]) -> Expression {
    .sequence(
      [JSONForms.text("["), JSONForms.rule("space")] + inside
        + [JSONForms.rule("space"), JSONForms.text("]")])
  }
}
