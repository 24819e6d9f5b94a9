import Conversion
import GGUF
import Testing

/// Metadata values as people type them.
@Suite struct ValueFormTests {
  @Test(
    "A value of every type is read from its text",
    arguments: [
      ("u8", "255", .uint8(255)), ("i8", "-128", .int8(-128)), ("u16", "65535", .uint16(65535)),
      ("int16", "-1", .int16(-1)), ("uint32", "7", .uint32(7)), ("i32", "-7", .int32(-7)),
      ("u64", "18446744073709551615", .uint64(.max)), ("i64", "-9223372036854775808", .int64(.min)),
      ("f32", "1e-6", .float32(1e-6)), ("f64", "0.1", .float64(0.1)),
      ("f32", "-inf", .float32(-.infinity)), ("bool", "true", .bool(true)),
      ("bool", "0", .bool(false)), ("str", "a: b, c=d", .string("a: b, c=d")),
      ("str", "", .string("")),
      ("arr[str]", "a, b,,", .array(.string(["a", " b", "", ""]))),
      ("arr[str]", #"["a, b", "\u00e9"]"#, .array(.string(["a, b", "é"]))),
      ("arr[str]", "", .array(.string([]))), ("ARR[U8]", "1, 2", .array(.uint8([1, 2]))),
      ("arr[bool]", "[true, false]", .array(.bool([true, false]))),
      ("arr[f32]", "[1, 2.5, -1e3]", .array(.float32([1, 2.5, -1000]))),
      ("arr[f64]", "[1e300]", .array(.float64([1e300]))),
      ("arr[u64]", "18446744073709551615", .array(.uint64([.max]))),
      ("arr[arr[i32]]", "[[1, -2], []]", .array(.array([.int32([1, -2]), .int32([])]))),
      ("array[arr[arr[str]]]", #"[[["x"]]]"#, .array(.array([.array([.string(["x"])])]))),
    ] as [(String, String, GGUFValue)])
  func values(form: String, text: String, value: GGUFValue) throws {
    #expect(try #require(ValueForm(form)).value(text) == value)
  }

  @Test(
    "A text that is no value of the type is refused",
    arguments: [
      ("u8", "256"), ("u8", "-1"), ("u32", "1.5"), ("u32", ""), ("bool", "yes"), ("f32", "one"),
      ("arr[u8]", "1,,2"), ("arr[u8]", "[1, 300]"), ("arr[u8]", #"["1"]"#), ("arr[str]", "[1]"),
      ("arr[str]", #"["a"#), ("arr[arr[u8]]", "1,2"), ("arr[arr[u8]]", "[1]"),
      ("arr[u8]", "[null]"),
      ("arr[u64]", "[18446744073709551616]"), ("i32", "2147483648"),
      ("f32", "1e99"), ("f64", "-1e999"), ("arr[f32]", "[1e99]"), ("arr[f64]", "[1e999]"),
    ])
  func refusals(form: String, text: String) throws {
    let form = try #require(ValueForm(form))
    #expect(throws: ValueTextError.self) { try form.value(text) }
  }

  @Test(
    "Only types that GGUF has are types",
    arguments: ["", "arr", "arr[]", "u128", "arr[u8", "[u8]", "arr[arr]"])
  func types(text: String) { #expect(ValueForm(text) == nil) }
}
