import Testing

/// Schemas with JSON texts that conform and that do not.
///
/// - Source: `tests/test-grammar-integration.cpp` of llama.cpp (in llama-cpp-python 0.3.36), as facts;
///   `uniqueItems`, which it ignores and Quern refuses, is left out of one.
enum SchemaCases {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let schema: String
    let conforming: [String]
    let refused: [String]

    init(_ name: String, _ schema: String, conforming: [String], refused: [String]) {
      testDescription = name
      self.schema = schema
      self.conforming = conforming
      self.refused = refused
    }
  }

  static let all = [
    Case(
      "min 0",
      #"{"type": "integer", "minimum": 0}"#,
      conforming: ["0", "10", "12", "10000"],
      refused: [
        "-1", "-10", "-10000", "-100000000000000000000000000000000",
        "100000000000000000000000000000000", "00", "01", "-0",
      ]),
    Case(
      "min 2",
      #"{"type": "integer", "minimum": 2}"#,
      conforming: ["2", "3", "4", "10", "20", "1234567890000000"],
      refused: ["0", "1", "-1", "-100", "0", "1", "01", "02", "12345678900000000"]),
    Case(
      "min 456",
      #"{"type": "integer", "minimum": 456}"#,
      conforming: ["456", "4560", "457", "460", "500"],
      refused: ["455", "356", "50", "050", "-1", "-456"]),
    Case(
      "min -123",
      #"{"type": "integer", "minimum": -123}"#,
      conforming: ["-123", "-122", "-11", "-1", "0", "1", "123", "1234", "2345"],
      refused: ["-1234", "-124"]),
    Case(
      "max 9999",
      #"{"type": "integer", "maximum": 9999}"#,
      conforming: ["-99999", "0", "9999"],
      refused: ["10000", "99991"]),
    Case(
      "max -9999",
      #"{"type": "integer", "maximum": -9999}"#,
      conforming: ["-10000", "-9999"],
      refused: ["-9998", "0", "9999"]),
    Case(
      "min 5 max 30",
      #"{"type": "integer", "minimum": 5, "maximum": 30}"#,
      conforming: ["5", "10", "30"],
      refused: ["05", "4", "-1", "31", "123", "0123"]),
    Case(
      "min 1 max 900719925474091",
      #"{"type": "integer", "exclusiveMinimum": 0, "maximum": 900719925474091}"#,
      conforming: ["1", "2", "10", "900719925474090", "900719925474091"],
      refused: ["0", "01", "900719925474092", "9007199254740910"]),
    Case(
      "min -1 max 1",
      #"{"type": "integer", "minimum": -1, "maximum": 1}"#,
      conforming: ["-1", "0", "1"],
      refused: ["-11", "-10", "-2", "2", "10", "11"]),
    Case(
      "min -123 max 42",
      #"{"type": "integer", "minimum": -123, "maximum": 42}"#,
      conforming: [
        "-123", "-122", "-13", "-11", "-2", "-1", "0", "1", "5", "10", "39", "40", "42",
      ],
      refused: ["-0123", "-124", "-1123", "-200", "43", "123", "0123"]),
    Case(
      "exclusive min / max",
      #"{"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10000}"#,
      conforming: ["1", "9999"],
      refused: ["0", "01", "10000", "99999"]),
    Case(
      "empty schema (any value)",
      #"{}"#,
      conforming: ["{}", #"{"foo": "bar"}"#, "[]", "null", #""""#, "true"],
      refused: ["", #"{"foo"}"#, "foo"]),
    Case(
      "exotic formats (list)",
      #"{"items": [{"format": "date"}, {"format": "uuid"}, {"format": "time"}, {"format": "date-time"}]}"#,
      conforming: [
        #"["2012-04-23", "12345678-1234-1234-1234-1234567890ab", "18:25:43.511Z", "2012-04-23T18:25:43.511Z"]"#
      ],
      refused: [#"["foo", "bar"]"#, #"["12345678-1234-1234-1234-1234567890ab"]"#]),
    Case(
      "string",
      #"{"type": "string"}"#,
      conforming: [#""foo""#, #""bar""#, #""""#],
      refused: ["{}", #""foo": "bar""#]),
    Case(
      "string w/ min length 1",
      #"{"type": "string", "minLength": 1}"#,
      conforming: [#""foo""#, #""bar""#],
      refused: [#""""#, "{}", #""foo": "bar""#]),
    Case(
      "string w/ min length 3",
      #"{"type": "string", "minLength": 3}"#,
      conforming: [#""foo""#, #""bar""#, #""foobar""#],
      refused: [#""""#, #""f""#, #""fo""#]),
    Case(
      "string w/ max length",
      #"{"type": "string", "maxLength": 3}"#,
      conforming: [#""foo""#, #""bar""#, #""""#, #""f""#, #""fo""#],
      refused: [#""foobar""#]),
    Case(
      "string w/ min & max length",
      #"{"type": "string", "minLength": 1, "maxLength": 4}"#,
      conforming: [#""foo""#, #""bar""#, #""f""#, #""barf""#],
      refused: [#""""#, #""barfo""#, #""foobar""#]),
    Case(
      "boolean",
      #"{"type": "boolean"}"#,
      conforming: ["true", "false"],
      refused: [#""""#, #""true""#, "True", "FALSE"]),
    Case(
      "integer",
      #"{"type": "integer"}"#,
      conforming: ["0", "12345", "1234567890123456"],
      refused: ["", "01", "007", "12345678901234567  "]),
    Case(
      "string const",
      #"{"const": "foo"}"#,
      conforming: [#""foo""#],
      refused: ["foo", #""bar""#]),
    Case(
      "non-string const",
      #"{"const": true}"#,
      conforming: ["true"],
      refused: ["", "foo", #""true""#]),
    Case(
      "non-string const",
      #"{"enum": ["red", "amber", "green", null, 42, ["foo"]]}"#,
      conforming: [#""red""#, "null", "42", #"["foo"]"#],
      refused: ["", "420", "true", "foo"]),
    Case(
      "simple pattern",
      #"{"pattern": "^[a-zA-Z0-9_-]*$"}"#,
      conforming: [#""""#, #""He_llo-12""#],
      refused: [#""!""#, #""Hello World""#]),
    Case(
      "pattern with escapes",
      #"{"pattern": "^a\\^\\$\\.\\[\\]\\(\\)\\|\\{\\}\\*\\+\\?b$"}"#,
      conforming: [#""a^$.[]()|{}*+?b""#],
      refused: [#""ab""#]),
    Case(
      "",
      #"{"type": ["array", "null"], "items": {"type": "string"}}"#,
      conforming: ["null", "[]", #"["123"]"#, #"["foo", "bar"]"#],
      refused: ["", "[123]", #""foo""#, #"["foo", 42]"#]),
    Case(
      "min+max items",
      #"{"items": {"type": ["number", "integer"]}, "minItems": 3, "maxItems": 5}"#,
      conforming: ["[1, 2, 3]", "[1, 2, 3, 4]", "[1, 2, 3, 4, 5]"],
      refused: ["[1, 2]", "[1, 2, 3, 4, 5, 6]", "1"]),
    Case(
      "object properties",
      #"{"type": "object", "properties": {"number": {"type": "number"}, "street_name": {"type": "string"}, "street_type": {"enum": ["Street", "Avenue", "Boulevard"]}}}"#,
      conforming: [
        #"{ "number": 1600, "street_name": "Pennsylvania", "street_type":"Avenue"}"#,
        #"{ "street_name": "Pennsylvania" }"#,
        #"{ "number": 1600, "street_name": "Pennsylvania" }"#, "{}",
        #"{ "number": 1600, "street_name": "Pennsylvania", "street_type": "Avenue" }"#,
      ],
      refused: [
        #"{ "number": "1600", "street_name": "Pennsylvania", "street_type":"Avenue"}"#,
        #"{ "street_name": "Pennsylvania", "number": 1600 }"#,
        #"{ "number": "1600", "street_name": "Pennsylvania", "street_type":"Avenue"}"#,
        #"{ "number": 1600, "street_name": "Pennsylvania", "street_type":"Avenue", "direction":"NW"}"#,
      ]),
    Case(
      "additional properties can't override other properties",
      #"{"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "additionalProperties": true}"#,
      conforming: [#"{"a": 42}"#, #"{"c": ""}"#, #"{"a": 42, "c": ""}"#, #"{"a_": ""}"#],
      refused: ["", #"{"a": ""}"#, #"{"a": "", "b": ""}"#]),
    Case(
      "object properties, additionalProperties: true",
      #"{"type": "object", "properties": {"number": {"type": "number"}, "street_name": {"type": "string"}, "street_type": {"enum": ["Street", "Avenue", "Boulevard"]}}, "additionalProperties": true}"#,
      conforming: [
        "{}", #"{"number":1600,"street_name":"Pennsylvania","street_type":"Avenue"}"#,
        #"{ "street_name": "Pennsylvania" }"#,
        #"{ "number": 1600, "street_name": "Pennsylvania" }"#,
        #"{ "number": 1600, "street_name": "Pennsylvania", "street_type":"Avenue", "direction":"NW"}"#,
        #"{ "number": 1600, "street_name": "Pennsylvania", "street_type": "Avenue" }"#,
      ],
      refused: [
        #"{ "number": "1600", "street_name": "Pennsylvania", "street_type":"Avenue"}"#,
        #"{ "street_name": "Pennsylvania", "number": 1600, "street_type":"Avenue"}"#,
      ]),
    Case(
      "required + optional props each in original order",
      #"{"type": "object", "properties": {"number": {"type": "number"}, "street_name": {"type": "string"}, "street_type": {"enum": ["Street", "Avenue", "Boulevard"]}}, "additionalProperties": false}"#,
      conforming: [
        #"{ "street_name": "Pennsylvania" }"#, #"{ "number": 1600, "street_type":"Avenue"}"#,
        #"{ "number": 1600, "street_name": "Pennsylvania" }"#,
        #"{ "number": 1600, "street_name": "Pennsylvania", "street_type":"Avenue"}"#,
        #"{ "number": 1600, "street_name": "Pennsylvania", "street_type": "Avenue" }"#,
      ],
      refused: [
        #"{ "street_type": "Avenue", "number": 1600 }"#,
        #"{ "number": 1600, "street_name": "Pennsylvania", "street_type": "Avenue", "direction": "NW" }"#,
      ]),
    Case(
      "required + optional props each in original order",
      #"{"properties": {"b": {"type": "string"}, "a": {"type": "string"}, "d": {"type": "string"}, "c": {"type": "string"}}, "required": ["a", "b"], "additionalProperties": false}"#,
      conforming: [
        #"{"b": "foo", "a": "bar"}"#, #"{"b":"foo","a":"bar","d":"qux"}"#,
        #"{"b":"foo", "a":"bar", "d":"qux", "c":"baz"}"#,
      ],
      refused: [
        #"{"a": "foo", "b": "bar"}"#, #"{"b": "bar"}"#, #"{"a": "foo", "c": "baz"}"#,
        #"{"a":"foo", "b":"bar", "c":"baz", "d":"qux"}"#,
      ]),
    Case(
      "required props",
      #"{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/product.schema.json", "title": "Product", "description": "A product from Acme's catalog", "type": "object", "properties": {"productId": {"description": "The unique identifier for a product", "type": "integer"}, "productName": {"description": "Name of the product", "type": "string"}, "price": {"description": "The price of the product", "type": "number", "exclusiveMinimum": 0}, "tags": {"description": "Tags for the product", "type": "array", "items": {"type": "string"}, "minItems": 1}, "dimensions": {"type": "object", "properties": {"length": {"type": "number"}, "width": {"type": "number"}, "height": {"type": "number"}}, "required": ["length", "width", "height"]}}, "required": ["productId", "productName", "price"]}"#,
      conforming: [
        #"{"productId": 1, "productName": "A green door", "price": 12.50}"#,
        #"{"productId": 1, "productName": "A green door", "price": 12.50, "tags": ["home", "green"]}"#,
        #"{"productId": 1, "productName": "A green door", "price": 12.50, "tags": ["home", "green"], "dimensions": {"length": 785, "width": 250.5, "height": -0.359}}"#,
      ],
      refused: [
        "{}", #"{"productName": "A green door", "price": 12.50, "productId": 1}"#,
        #"{"productId": 1, "productName": "A green door"}"#,
        #"{"productName": "A green door", "price": 12.50}"#,
        #"{"productId": 1, "productName": "A green door", "price": 12.50, "tags": []}"#,
        #"{"productId": 1, "productName": "A green door", "price": 12.50, "dimensions": {"length": 785, "width": 250.5, "height": -0.359}, "tags": ["home", "green"]}"#,
      ]),

  ]
}
