/// How Python spells values: `str`, `repr` and `json.dumps`.
enum PythonText {
  static func string(_ value: JinjaValue) -> String {
    switch value {
    case .undefined: ""
    case .string(let text), .markup(let text): text
    default: representation(value)
    }
  }

  static func representation(_ value: JinjaValue) -> String {
    switch value {
    case .undefined: "Undefined"
    case .none: "None"
    case .bool(let flag): flag ? "True" : "False"
    case .integer(let number): String(number)
    case .number(let number): self.number(number)
    case .string(let text): quoted(text)
    case .markup(let text): "Markup(" + quoted(text) + ")"
    case .list(let items): list(items)
    case .tuple(let items):
      "(" + items.map(representation).joined(separator: ", ") + (items.count == 1 ? ",)" : ")")
    case .dictionary(let dictionary): self.dictionary(dictionary)
    case .view(let dictionary, let part):
      "dict_\(part.rawValue)(" + list(dictionary.list(part)) + ")"
    case .range(let range):
      "range(\(range.start), \(range.end)" + (range.step == 1 ? ")" : ", \(range.step))")
    case .generator(let generator): "<generator object " + generator.name + ">"
    case .namespace(let namespace): "<Namespace " + dictionary(namespace.attributes) + ">"
    case .loop(let loop): "<LoopContext \(loop.index + 1)/\(loop.items.count)>"
    case .cycler: "<Cycler>"
    case .callable(let callable): callable.spelling
    }
  }

  private static func list(_ items: [JinjaValue]) -> String {
    "[" + items.map(representation).joined(separator: ", ") + "]"
  }

  private static func dictionary(_ dictionary: JinjaDictionary) -> String {
    "{"
      + dictionary.entries.map { representation($0.spelled) + ": " + representation($0.value) }
      .joined(separator: ", ") + "}"
  }

  /// The shortest digits that read back as the number, with an exponent below 1e-4 and from 1e16 on.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let spelling = value.magnitude.description
    var digits = ""
    var exponent = 0
    let halves = spelling.split(separator: "e")
    if halves.count == 2 { exponent = Int(halves[1]) ?? 0 }
    let parts = halves[0].split(separator: ".", omittingEmptySubsequences: false)
    digits = parts.joined()
    exponent += parts[0].count
    let leading = digits.prefix { $0 == "0" }.count
    digits.removeFirst(leading)
    exponent -= leading
    while digits.last == "0" { digits.removeLast() }
    let sign = value.sign == .minus ? "-" : ""
    guard !digits.isEmpty else { return sign + "0.0" }
    // The value is 0.DIGITS times ten to the exponent.
    if exponent > 16 || exponent < -3 {
      let power = exponent - 1
      let tail = digits.dropFirst()
      let magnitude = String(power.magnitude)
      return sign + digits.prefix(1) + (tail.isEmpty ? "" : "." + tail) + "e"
        + (power < 0 ? "-" : "+") + (magnitude.count < 2 ? "0" : "") + magnitude
    }
    if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + digits }
    if digits.count <= exponent {
      return sign + digits + String(repeating: "0", count: exponent - digits.count) + ".0"
    }
    return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
  }

  private static func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case quote, "\\": result += "\\" + String(scalar)
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if isPrintable(scalar) {
          result.unicodeScalars.append(scalar)
        } else if scalar.value < 0x100 {
          result += "\\x" + hexadecimal(scalar.value, digits: 2)
        } else if scalar.value < 0x10000 {
          result += "\\u" + hexadecimal(scalar.value, digits: 4)
        } else {
          result += "\\U" + hexadecimal(scalar.value, digits: 8)
        }
      }
    }
    return result + String(quote)
  }

  static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == " " { return true }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator,
      .paragraphSeparator:
      return false
    default: return true
    }
  }

  static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }
}

/// Writes JSON as `json.dumps` does.
struct JSONText {
  var indent: String?
  var ensuresASCII = false
  var sortsKeys = false
  var itemSeparator: String
  var keySeparator = ": "

  init(indent: String? = nil) {
    self.indent = indent
    itemSeparator = indent == nil ? ", " : ","
  }

  func string(_ value: JinjaValue, level: Int = 0) throws(ChatTemplateError) -> String {
    switch value {
    case .none: return "null"
    case .bool(let flag): return flag ? "true" : "false"
    case .integer(let number): return String(number)
    case .number(let number):
      if number.isNaN { return "NaN" }
      if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
      return PythonText.number(number)
    case .string(let text), .markup(let text): return quoted(text)
    case .list(let items), .tuple(let items):
      var parts: [String] = []
      for item in items { parts.append(try string(item, level: level + 1)) }
      return bracketed("[", parts, "]", level)
    case .dictionary(let dictionary):
      var entries = dictionary.entries
      if sortsKeys { try Self.sort(&entries) }
      var parts: [String] = []
      for entry in entries {
        let key: String
        switch entry.spelled {
        case .tuple: throw .type(operation: "a key in tojson", value: entry.spelled.typeName)
        case .string(let text), .markup(let text): key = quoted(text)
        case let spelled: key = quoted(try string(spelled))
        }
        parts.append(try key + keySeparator + string(entry.value, level: level + 1))
      }
      return bracketed("{", parts, "}", level)
    default: throw .type(operation: "tojson", value: value.typeName)
    }
  }

  private static func sort(
    _ entries: inout [(key: JinjaKey, spelled: JinjaValue, value: JinjaValue)]
  ) throws(ChatTemplateError) {
    var failure: ChatTemplateError?
    entries.sort { a, b in
      guard failure == nil else { return false }
      do throws(ChatTemplateError) {
        return try Arithmetic.precedes(a.spelled, b.spelled)
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
  }

  private func bracketed(_ open: String, _ parts: [String], _ close: String, _ level: Int)
    -> String
  {
    guard let indent, !parts.isEmpty else {
      return open + parts.joined(separator: itemSeparator) + close
    }
    let outer = "\n" + String(repeating: indent, count: level)
    return open + outer + indent + parts.joined(separator: itemSeparator + outer + indent) + outer
      + close
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{08}": result += "\\b"
      case "\u{0C}": result += "\\f"
      default:
        if scalar.value < 0x20 || (ensuresASCII && scalar.value > 0x7E) {
          for unit in UTF16.encode(scalar).unsafelyUnwrapped {
            result += "\\u" + PythonText.hexadecimal(UInt32(unit), digits: 4)
          }
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
