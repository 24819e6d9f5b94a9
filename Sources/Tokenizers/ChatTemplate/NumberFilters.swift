import Foundation

extension TemplateRenderer {
  func numberFilter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    if case .undefined(let what) = value { throw .undefined(what) }
    switch name {
    case "int": return try integer(value, arguments)
    case "float":
      return PythonNumber.float(value).map { .number($0) } ?? arguments[0, "default"] ?? .number(0)
    case "filesizeformat":
      guard let number = PythonNumber.float(value) else {
        throw .type(operation: name, value: value.typeName)
      }
      return .string(Self.fileSize(number, isBinary: arguments[0, "binary"]?.isTrue ?? false))
    case "abs":
      if let number = value.asInteger {
        guard number != .min else { throw .arithmetic("an integer is too large") }
        return .integer(abs(number))
      }
      guard let number = value.asDouble else {
        throw .type(operation: "abs", value: value.typeName)
      }
      return .number(number.magnitude)
    default: return try rounded(value, arguments)
    }
  }

  private func integer(_ value: JinjaValue, _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> JinjaValue
  {
    let fallback = arguments[0, "default"] ?? .integer(0)
    if let number = value.asInteger { return .integer(number) }
    if let text = value.text {
      guard let base = arguments[1, "base"]?.asInteger ?? (arguments[1, "base"] == nil ? 10 : nil)
      else { return fallback }
      if let number = try PythonNumber.integer(text, base: base) { return .integer(number) }
    }
    guard let number = PythonNumber.float(value), number.isFinite else { return fallback }
    guard let whole = Int(exactly: number.rounded(.towardZero)) else {
      throw .arithmetic("an integer is too large")
    }
    return .integer(whole)
  }

  private func rounded(_ value: JinjaValue, _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> JinjaValue
  {
    guard let number = value.asDouble else {
      throw .type(operation: "round", value: value.typeName)
    }
    let given = arguments[0, "precision"] ?? .integer(0)
    guard let method = (arguments[1, "method"] ?? .string("common")).text,
      ["common", "ceil", "floor"].contains(method)
    else { throw .type(operation: "round", value: "this method") }
    if method == "common", given.isNone {
      guard number.isFinite, let whole = Int(exactly: number.rounded(.toNearestOrEven)) else {
        throw .arithmetic("an integer is too large")
      }
      return .integer(whole)
    }
    guard let places = given.asInteger else {
      throw .type(operation: "round", value: given.typeName)
    }
    guard abs(places) <= 300 else { throw .arithmetic("a precision out of range") }
    if method == "common" {
      if let whole = value.asInteger { return .integer(try Self.rounded(whole, places)) }
      guard number.isFinite else { return value }
      if places >= 0 { return .number(Double(String(format: "%.*f", places, number)) ?? number) }
      let unit = pow(10, Double(-places))
      return .number((number / unit).rounded(.toNearestOrEven) * unit)
    }
    let factor = pow(10, Double(places))
    let scaled = number * factor
    guard scaled.isFinite else { throw .arithmetic("a number is too large") }
    return .number(scaled.rounded(method == "ceil" ? .up : .down) / factor)
  }

  /// An integer to a multiple of a power of ten, halves to the even one.
  private static func rounded(_ number: Int, _ places: Int) throws(ChatTemplateError) -> Int {
    guard places < 0 else { return number }
    guard places > -19 else { return 0 }
    var unit = 1
    for _ in 0..<(-places) { unit *= 10 }
    let rest = ((number % unit) + unit) % unit
    let low = number.subtractingReportingOverflow(rest)
    let goesUp = rest > unit - rest || (rest == unit - rest && (low.partialValue / unit) % 2 != 0)
    let result = low.partialValue.addingReportingOverflow(goesUp ? unit : 0)
    guard !low.overflow, !result.overflow else { throw .arithmetic("an integer is too large") }
    return result.partialValue
  }

  private static func fileSize(_ bytes: Double, isBinary: Bool) -> String {
    let base = isBinary ? 1024.0 : 1000.0
    if bytes == 1 { return "1 Byte" }
    if bytes < base { return "\(Int(exactly: bytes.rounded(.towardZero)) ?? 0) Bytes" }
    var unit = base
    for prefix in ["k", "M", "G", "T", "P", "E", "Z", "Y"] {
      unit *= base
      if bytes < unit || prefix == "Y" {
        let name = isBinary ? (prefix == "k" ? "KiB" : prefix + "iB") : prefix + "B"
        return String(format: "%.1f ", base * bytes / unit) + name
      }
    }
    return ""
  }
}

/// Python's reading of numbers from text.
enum PythonNumber {
  /// A number, or what `float` reads from a text; nil for what it refuses.
  static func float(_ value: JinjaValue) -> Double? {
    guard let text = value.text else { return value.asDouble }
    guard let plain = withoutUnderscores(text) else { return nil }
    let unsigned = plain.drop { $0 == "+" || $0 == "-" }
    switch unsigned.lowercased() {
    case "inf", "infinity", "nan": break
    default:
      guard unsigned.allSatisfy({ $0.isNumber || ".eE+-".contains($0) }) else { return nil }
    }
    return plain.hasSuffix(".") ? Double(plain + "0") : Double(plain)
  }

  /// What `int` reads from a text; nil for what it refuses.
  static func integer(_ text: String, base: Int) throws(ChatTemplateError) -> Int? {
    guard (2...36).contains(base) || base == 0, var digits = withoutUnderscores(text)?[...] else {
      return nil
    }
    let sign = digits.first == "-" ? "-" : ""
    if digits.first == "-" || digits.first == "+" { digits = digits.dropFirst() }
    var base = base
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)]
    where (base == radix || base == 0) && digits.lowercased().hasPrefix(prefix) {
      digits = digits.dropFirst(2)
      if digits.first == "_" { digits = digits.dropFirst() }
      base = radix
    }
    if base == 0 {
      guard digits.first != "0" || digits.allSatisfy({ $0 == "0" }) else { return nil }
      base = 10
    }
    guard !digits.isEmpty,
      digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isLetter) }),
      digits.allSatisfy({ Int(String($0), radix: base) != nil })
    else { return nil }
    guard let number = Int(sign + digits, radix: base) else {
      throw .arithmetic("an integer is too large")
    }
    return number
  }

  /// The text without white space around it and single underscores between digits, decimal digits of all scripts as
  /// ASCII; nil when an underscore stands elsewhere.
  private static func withoutUnderscores(_ text: String) -> String? {
    let trimmed = ScalarText.strip(text, characters: nil, left: true, right: true)
    var result = ""
    var last: Unicode.Scalar = "_"
    for scalar in trimmed.unicodeScalars {
      if scalar == "_" {
        guard last != "_", last.properties.isAlphabetic || last.properties.numericType != nil else {
          return nil
        }
      } else if scalar.properties.numericType == .decimal,
        let value = scalar.properties.numericValue
      {
        result += String(Int(value))
      } else if last == "_", !result.isEmpty, !scalar.properties.isAlphabetic {
        return nil
      } else {
        result.unicodeScalars.append(scalar)
      }
      last = scalar
    }
    return result.isEmpty || last == "_" ? nil : result
  }
}
