import Tokenizers

extension SchemaGrammar {
  /// The longest key that others can be told from.
  private static let longestKey = 256

  private struct Property {
    var key: String
    var pair: Expression
    var isRequired: Bool
  }

  mutating func object(_ node: SchemaNode) throws(SchemaError) -> Expression {
    let members = try node.object("properties")
    let required = try node.strings("required")
    if members.isEmpty, required.isEmpty, node["additionalProperties"] == nil {
      return JSONForms.rule("object")
    }
    let properties = try properties(members, required, node)
    let extra = try extraPair(properties.map(\.key), node)
    return braced(properties, extra, named: node.place)
  }

  private mutating func properties(
    _ members: [JSONValue.Member], _ required: [String], _ node: SchemaNode
  ) throws(SchemaError) -> [Property] {
    var properties: [Property] = []
    for member in members where !properties.contains(where: { $0.key == member.key }) {
      let isRequired = required.contains(member.key)
      let schema = node["properties"]?[member.key] ?? member.value
      do {
        let value = try expression(schema, at: "\(node.place)/properties/\(member.key)")
        properties.append(
          Property(
            key: member.key, pair: pair(JSONForms.text(JSONForms.quoted(member.key)), value),
            isRequired: isRequired))
      } catch {
        // What nothing conforms to is left out, if it may be.
        guard case .nothingConforms = error, !isRequired else { throw error }
      }
    }
    for key in required where !members.contains(where: { $0.key == key }) {
      guard !properties.contains(where: { $0.key == key }) else { continue }
      let schema = node["additionalProperties"] ?? .bool(true)
      let value = try expression(schema, at: "\(node.place)/additionalProperties")
      properties.append(
        Property(
          key: key, pair: pair(JSONForms.text(JSONForms.quoted(key)), value), isRequired: true))
    }
    return properties
  }

  private func pair(_ key: Expression, _ value: Expression) -> Expression {
    .sequence([key, JSONForms.text(":"), JSONForms.rule("space"), value])
  }

  /// A property that the schema does not name; nil where there may be none.
  private mutating func extraPair(
    _ keys: [String], _ node: SchemaNode
  ) throws(SchemaError) -> Expression? {
    guard let schema = node["additionalProperties"], schema != .bool(false) else { return nil }
    if let long = keys.first(where: { $0.unicodeScalars.count > Self.longestKey }) {
      throw .unsupported(
        at: node.place, keyword: "additionalProperties",
        why: "the key '\(long.prefix(20))…' is longer than \(Self.longestKey) characters")
    }
    let value: Expression
    do { value = try expression(schema, at: "\(node.place)/additionalProperties") } catch {
      guard case .nothingConforms = error else { throw error }
      return nil
    }
    // An escape could spell a key that is named, so there are none.
    let other = Self.anyBut(keys.map { Array($0.unicodeScalars)[...] })
    return pair(.sequence([JSONForms.text("\""), other, JSONForms.text("\"")]), value)
  }

  /// Plain texts that are none of some words.
  private static func anyBut(_ words: [ArraySlice<Unicode.Scalar>]) -> Expression {
    let rest = JSONForms.times(.set(JSONForms.plain), 0, nil)
    guard !words.isEmpty else { return rest }
    var ways: [Expression] = words.contains(where: \.isEmpty) ? [] : [.sequence([])]
    let byFirst = Dictionary(grouping: words.filter { !$0.isEmpty }) { $0[$0.startIndex] }
    let firsts = byFirst.keys.sorted()
    let others = ScalarRanges(
      firsts.map { $0.value...$0.value } + JSONForms.plain.complement.ranges
    ).complement
    ways.append(.sequence([.set(others), rest]))
    for first in firsts where JSONForms.plain.intersects(first.value, first.value) {
      let tails = (byFirst[first] ?? []).map { $0.dropFirst() }
      ways.append(.sequence([.literal([first]), anyBut(tails)]))
    }
    return .choice(ways)
  }

  /// Properties in their order, those that are not required perhaps left out, then others.
  ///
  /// What may come after each is a rule of its own, so the size is linear.
  private mutating func braced(
    _ properties: [Property], _ extra: Expression?, named name: String
  ) -> Expression {
    let comma = Expression.sequence([JSONForms.text(","), JSONForms.rule("space")])
    let more = extra.map { JSONForms.times(.sequence([comma, $0]), 0, nil) } ?? .sequence([])
    // The rest of the object when something was written, and when nothing was.
    var after = more
    var first = extra.map { JSONForms.optional(.sequence([$0, more])) } ?? .sequence([])
    for (index, property) in properties.enumerated().reversed() {
      let next = newRule("\(name) after \(index)", after)
      let written = Expression.sequence([property.pair, next])
      first =
        property.isRequired ? written : .choice([written, newRule("\(name) from \(index)", first)])
      let follows = Expression.sequence([comma, property.pair])
      after = .sequence([property.isRequired ? follows : JSONForms.optional(follows), next])
    }
    return .sequence([
      JSONForms.text("{"), JSONForms.rule("space"), first, JSONForms.rule("space"),
      JSONForms.text("}"),
    ])
  }

  /// Names an expression; places of a schema may be visited again, so the name may need a number.
  private mutating func newRule(_ name: String, _ body: Expression) -> Expression {
    var unused = name
    var number = 2
    while rules[unused] != nil {
      unused = "\(name) (\(number))"
      number += 1
    }
    rules[unused] = body
    return JSONForms.rule(unused)
  }
}
