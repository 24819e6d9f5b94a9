import TensorCore
import Tokenizers

/// The parts of JSON texts, as rules that schemas share.
enum JSONForms {
  typealias Expression = GrammarSyntax.Expression

  static let place = GrammarError.Place(line: 0, column: 0)

  static func rule(_ name: String) -> Expression { .rule(name: name, place) }
  static func text(_ text: String) -> Expression { .literal(Array(text.unicodeScalars)) }

  static func set(_ characters: String) -> Expression {
    .set(ScalarRanges(characters.unicodeScalars.map { $0.value...$0.value }))
  }

  static func times(_ item: Expression, _ least: Int, _ most: Int?) -> Expression {
    .repetition(item, least: least, most: most, place)
  }

  static func optional(_ item: Expression) -> Expression { times(item, 0, 1) }

  // MARK: Characters

  /// Characters that stand in a string as they are.
  static let plain = ScalarRanges([0x22...0x22, 0x5C...0x5C, 0x00...0x1F, 0x7F...0x7F]).complement

  /// Rules that every schema has.
  ///
  /// As llama.cpp writes JSON, so that models are asked for the same texts; but an escape is never half
  /// of a surrogate pair, for readers count such pairs as they like, and exponents are short enough for
  /// every number to be finite.
  static let shared = """
    space ::= | " " | "\\n"{1,2} [ \\t]{0,20}
    character ::= [^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\bfnrt] | "u" unit)
    unit ::= [0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}
    string ::= "\\"" character* "\\""
    natural ::= "0" | [1-9] [0-9]{0,15}
    number ::= "-"? natural ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,2})?
    boolean ::= "true" | "false"
    null ::= "null"
    value ::= object | array | string | number | boolean | null
    object ::= "{" space (string ":" space value ("," space string ":" space value)*)? space "}"
    array ::= "[" space (value ("," space value)*)? space "]"
    """

  /// Formats that are held to; the others say something about a string without limiting it.
  ///
  /// - Source: RFC 3339, section 5.6, without leap seconds; RFC 9562, section 4.
  static let formats = """
    leap-of-four ::= "0" [48] | [2468] [048] | [13579] [26]
    leap-year ::= [0-9]{2} leap-of-four | ("00" | leap-of-four) "00"
    date ::= [0-9]{4} "-" day-of-year | leap-year "-02-29"
    day-of-year ::= month-31 "-" day-31 | month-30 "-" day-30 | "02-" day-28
    month-31 ::= "0" [13578] | "1" [02]
    month-30 ::= "0" [469] | "11"
    day-28 ::= "0" [1-9] | "1" [0-9] | "2" [0-8]
    day-30 ::= "0" [1-9] | [12] [0-9] | "30"
    day-31 ::= "0" [1-9] | [12] [0-9] | "3" [01]
    hour-minute ::= ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]
    time ::= hour-minute ":" [0-5] [0-9] ("." [0-9]{3})? ("Z" | [-+] hour-minute)
    date-time ::= date "T" time
    hex ::= [0-9a-fA-F]
    uuid ::= hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12}
    """

  static let formatNames: Set<String> = ["date", "time", "date-time", "uuid"]

  // MARK: Values

  /// A string of its own; what `character` above leaves out is escaped.
  static func quoted(_ string: String) -> String {
    string.quotedAsJSON.replacing("\u{7F}", with: "\\u007f")
  }

  /// A value without space around its parts; nil for a number that is not finite.
  static func text(of value: JSONValue) -> String? {
    switch value {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return "\(value)"
    case .number(let value): return value.isFinite ? "\(value)" : nil
    case .string(let value): return quoted(value)
    case .array(let elements):
      var texts: [String] = []
      for element in elements {
        guard let text = text(of: element) else { return nil }
        texts.append(text)
      }
      return "[" + texts.joined(separator: ",") + "]"
    case .object(let members):
      var texts: [String] = []
      for member in members {
        guard let text = text(of: member.value) else { return nil }
        texts.append(quoted(member.key) + ":" + text)
      }
      return "{" + texts.joined(separator: ",") + "}"
    }
  }
}
