import Inference
import Testing

@Suite struct SchemaTests {
  private func grammar(_ schema: String) throws -> Grammar {
    try Grammar(jsonSchema: Array(schema.utf8))
  }

  @Test("A schema lets conforming texts through and no others", arguments: SchemaCases.all)
  func texts(_ sample: SchemaCases.Case) throws {
    let grammar = try grammar(sample.schema)
    for text in sample.conforming { #expect(grammar.matches(text), "\(text)") }
    for text in sample.refused { #expect(!grammar.matches(text), "\(text)") }
  }

  @Test(
    "Keywords mean what JSON Schema says",
    arguments: [
      (
        ##"{"type":"string","format":"date"}"##,
        [##""2024-02-29""##, ##""2000-02-29""##, ##""1999-12-31""##],
        [##""2023-02-29""##, ##""1900-02-29""##, ##""2024-04-31""##, ##""2024-13-01""##]
      ),
      (
        ##"{"anyOf":[{"type":"null"},{"$ref":"#/$defs/n"}],"$defs":{"n":{"const":7}}}"##,
        ["null", "7"], ["8"]
      ),
      (
        ##"{"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"]}"##,
        [], [##"{"next":{}}"##, "{}"]
      ),
      (
        ##"{"type":"object","properties":{"next":{"$ref":"#"}}}"##,
        ["{}", ##"{"next":{}}"##, ##"{"next": {"next": {}}}"##], [##"{"next":1}"##]
      ),
      (
        ##"{"allOf":[{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]},{"properties":{"a":{"type":"integer","minimum":3},"b":{"const":1}}}]}"##,
        [##"{"a":3}"##, ##"{"a":4,"b":1}"##], [##"{"a":2}"##, ##"{"a":3.5}"##, ##"{"b":1}"##]
      ),
      (
        ##"{"prefixItems":[{"const":1},{"const":2}],"items":{"type":"boolean"}}"##,
        ["[1,2]", "[1, 2, true, false]"], ["[1,2,3]", "[2,1]"]
      ),
      (
        ##"{"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/b"}],"$defs":{"a":{"properties":{"x":{"const":1}},"required":["x"]},"b":{"properties":{"y":{"const":2}}}}}"##,
        [##"{"x":1}"##, ##"{"x":1,"y":2}"##], ["{}", ##"{"y":2}"##]
      ),
      (##"{"type":"array","items":false}"##, ["[]"], ["[1]"]),
      (
        ##"{"type":"number","minimum":-1.5,"exclusiveMaximum":2}"##,
        ["-1", "0", "1", "1.9999", "1.001", "0.5", "-0.5"], ["2", "-2", "2.5", "-1.6"]
      ),
      (
        ##"{"type":"string","pattern":"^(ab|\\d{2,3})+$"}"##,
        [##""ab""##, ##""12ab345""##], [##""""##, ##""a""##, ##""1""##]
      ),
      (##"{"type":"string","pattern":"b"}"##, [##""abc""##, ##""b""##], [##""ac""##]),
      (
        ##"{"type":"string","pattern":"^[\"\\\\\\n]$"}"##,
        [##""\"""##, ##""\\""##, ##""\n""##], [##""a""##, ##"""""##]
      ),
      (
        ##"{"properties":{"a":{"const":1}},"additionalProperties":{"type":"integer"}}"##,
        [##"{"a":1,"b":2,"ab":3}"##, ##"{"":0}"##],
        [##"{"b":"c"}"##, ##"{"a":2}"##, ##"{"\u0061":2}"##]
      ),
      (
        ##"{"oneOf":[{"type":"object","properties":{"k":{"const":"x"},"v":{"type":"integer"}},"required":["k","v"]},{"type":"object","properties":{"k":{"const":"y"}},"required":["k"]}]}"##,
        [##"{"k":"x","v":1}"##, ##"{"k":"y"}"##], [##"{"k":"x"}"##]
      ),
      (##"{"type":"string","title":"T","x-ours":1,"format":"email"}"##, [##""a""##], ["1"]),
      (
        ##"{"type":"string","maxLength":2}"##,
        [##""é🔵""##, ##""\u0041\n""##], [##""abc""##, ##""\ud83d""##]
      ),
      (
        ##"{"enum":[{"a":[1,null]},"q\"t",2.5],"type":["object","string"]}"##,
        [##"{"a":[1,null]}"##, ##""q\"t""##], ["2.5"]
      ),
    ] as [(String, [String], [String])])
  func keywords(_ schema: String, _ conforming: [String], _ refused: [String]) throws {
    let grammar = try grammar(schema)
    for text in conforming { #expect(grammar.matches(text), "\(text)") }
    for text in refused { #expect(!grammar.matches(text), "\(text)") }
  }

  @Test(
    "What a grammar cannot hold is refused with its place",
    arguments: [
      (
        ##"{"properties":{"a":{"uniqueItems":true}}}"##,
        "#/properties/a: 'uniqueItems' cannot be held to: a grammar cannot count or compare what was written"
      ),
      (##"{"type":"kaboom"}"##, "#: 'type' is not a type of JSON Schema"),
      (
        ##"{"type":"string","pattern":"a(?=b)"}"##,
        "#: pattern 'a(?=b)': a group that looks around or has a name at character 4"
      ),
      (
        ##"{"$ref":"https://example.com/schema"}"##,
        "#: 'https://example.com/schema' is no place in this schema"
      ),
      (##"{"$ref":"#/$defs/a"}"##, "#: '#/$defs/a' is no place in this schema"),
      (
        ##"{"oneOf":[{"type":"integer"},{"type":"number"}]}"##,
        "#: 'oneOf' cannot be held to: a text of schema 0 may conform to schema 1; anyOf allows that"
      ),
      (##"{"type":"integer","minimum":5,"maximum":4}"##, "#: nothing conforms to this schema"),
      (##"{"minItems":-1}"##, "#: 'minItems' is not a whole number up to 1000000"),
      ("{", "JSON ends too early, at byte 1"),
      ("[]", "#: 'the schema' is not an object, true or false"),
    ])
  func refusals(_ schema: String, _ message: String) {
    let error = #expect(throws: SchemaError.self) { try grammar(schema) }
    #expect(error?.description == message)
  }

  static let hostile: [String] = [
    ##"{"$ref":"#"}"##,
    ##"{"allOf":[{"$ref":"#"}]}"##,
    ##"{"allOf":[{"$ref":"#"},{"$ref":"#"}],"type":"object"}"##,
    ##"{"anyOf":[{"$ref":"#"},{"$ref":"#"}],"type":"object"}"##,
    ##"{"type":"array","items":{"type":"array","items":{"maxItems":1000000},"maxItems":1000000}}"##,
    ##"{"minLength":999999}"##,
    String(repeating: ##"{"items":"##, count: 5000) + "{}" + String(repeating: "}", count: 5000),
    ##"{"pattern":"^"## + String(repeating: "(", count: 100_000) + ##""}"##,
    ##"{"pattern":"^((((a{1000}){1000}){1000}){1000})$"}"##,
  ]

  @Test("A hostile schema is refused quickly", arguments: hostile.indices)
  func hostileSchemas(_ index: Int) {
    let time = ContinuousClock().measure {
      #expect(throws: (any Error).self) { try grammar(Self.hostile[index]) }
    }
    #expect(time < .seconds(5))
  }
}
