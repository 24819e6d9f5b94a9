import Testing
import Tokenizers

@Suite struct JSONValueTests {
  @Test("Objects keep their order, and numbers stay whole when they are")
  func order() throws {
    let value = try JSONValue(
      parsing: Array(
        #" {"b": 1, "a": [1.5, -2, 1e3, true, null], "é\u00e9\ud83d\ude42": "\n\/"} "#.utf8))
    #expect(value.object?.map(\.key) == ["b", "a", "éé🙂"])
    #expect(value["a"]?.array == [.number(1.5), .integer(-2), .number(1000), .bool(true), .null])
    #expect(value["éé🙂"]?.string == "\n/")
  }

  @Test(
    "Text that is not JSON is refused",
    arguments: [
      "", " ", "{", "}", "[1,]", "{\"a\"}", "{\"a\":1,}", "tru", "1 2", "\"", "\"\\x\"",
      "\"\\u12\"", "\"\\ud800\"",
      "\"\u{1}\"", "nan", "-", "1e", "'a'", "{a: 1}",
    ])
  func malformed(_ text: String) throws {
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
  }

  @Test("Nesting beyond the limit and bytes that are not UTF-8 are refused")
  func hostile() throws {
    #expect(throws: JSONError.self) {
      try JSONValue(parsing: [UInt8](repeating: 0x5B, count: 100_000))
    }
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
  }
}
