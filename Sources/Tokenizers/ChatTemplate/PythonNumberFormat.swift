import Foundation

/// One value in the place that a format has for it.
enum PythonNumberFormat {
  typealias Layout = PythonFormat.Layout

  /// As `%` does it.
  static func percent(_ value: JinjaValue, _ layout: Layout) throws(ChatTemplateError) -> String {
    var layout = layout
    switch layout.kind {
    case "s", "r", "a":
      var text =
        layout.kind == "s" ? PythonText.string(value) : PythonText.representation(value)
      if let precision = layout.precision {
        text = ScalarText.string(text.unicodeScalars.prefix(precision))
      }
      layout.fill = " "
      return padded(text, layout, alignment: layout.alignment ?? ">")
    case "c":
      let scalar = value.asInteger.flatMap { UInt32(exactly: $0) }.flatMap(Unicode.Scalar.init)
      guard let text = value.text ?? scalar.map(String.init), ScalarText.count(text) == 1 else {
        throw .type(operation: "%c", value: value.typeName)
      }
      layout.fill = " "
      return padded(text, layout, alignment: layout.alignment ?? ">")
    case "d", "i", "u":
      guard let number = try whole(value) else {
        throw .type(operation: "%d", value: value.typeName)
      }
      layout.kind = "d"
      return framed(zeroed(String(number), layout.precision), layout)
    case "x", "X", "o":
      guard let number = value.asInteger else {
        throw .type(operation: "a number format", value: value.typeName)
      }
      return framed(spelled(number, layout), layout)
    case "e", "E", "f", "F", "g", "G":
      guard let number = value.asDouble else {
        throw .type(operation: "a number format", value: value.typeName)
      }
      return framed(spelled(number, layout), layout)
    default: throw .arithmetic("an unknown kind of format")
    }
  }

  /// The digits with zeros before them up to a precision.
  private static func zeroed(_ digits: String, _ precision: Int?) -> String {
    guard let precision else { return digits }
    let sign = digits.hasPrefix("-") ? "-" : ""
    let plain = digits.dropFirst(sign.count)
    return sign + String(repeating: "0", count: max(0, precision - plain.count)) + plain
  }

  private static func whole(_ value: JinjaValue) throws(ChatTemplateError) -> Int? {
    guard case .number(let number) = value else { return value.asInteger }
    guard let whole = Int(exactly: number.rounded(.towardZero)) else {
      throw .arithmetic("an integer is too large")
    }
    return whole
  }

  /// As `format` does it.
  static func braces(_ value: JinjaValue, _ layout: Layout) throws(ChatTemplateError) -> String {
    switch value {
    case .string, .markup: return try text(value, layout)
    case .integer, .bool:
      if case .bool = value, isPlain(layout) { return PythonText.string(value) }
      return try integer(value.asInteger ?? 0, layout)
    case .number(let number): return try float(number, layout)
    default:
      guard isPlain(layout) else { throw .type(operation: "a format", value: value.typeName) }
      return PythonText.string(value)
    }
  }

  private static func isPlain(_ layout: Layout) -> Bool {
    layout.kind == nil && layout.width == 0 && layout.precision == nil && layout.sign == nil
      && layout.alignment == nil && layout.grouping == nil && !layout.isAlternate
  }

  private static func text(_ value: JinjaValue, _ layout: Layout) throws(ChatTemplateError)
    -> String
  {
    guard layout.kind == nil || layout.kind == "s", layout.sign == nil, layout.grouping == nil,
      !layout.isAlternate, layout.alignment != "=",
      !value.isMarkup || isPlain(layout)
    else { throw .type(operation: "a number format", value: value.typeName) }
    var text = PythonText.string(value)
    if let precision = layout.precision {
      text = ScalarText.string(text.unicodeScalars.prefix(precision))
    }
    let alignment = layout.alignment == "0" ? "<" : layout.alignment ?? "<"
    return padded(text, layout, alignment: alignment)
  }

  private static func integer(_ number: Int, _ layout: Layout) throws(ChatTemplateError) -> String {
    switch layout.kind {
    case nil, "d", "n", "x", "X", "o", "b":
      guard layout.precision == nil else {
        throw .type(operation: "a precision", value: "an integer")
      }
      return framed(spelled(number, layout), layout)
    case "c":
      guard let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) else {
        throw .arithmetic("no such character")
      }
      return padded(String(scalar), layout, alignment: layout.alignment ?? "<")
    default: return try float(Double(number), layout)
    }
  }

  private static func float(_ number: Double, _ layout: Layout) throws(ChatTemplateError) -> String
  {
    switch layout.kind {
    case nil, "e", "E", "f", "F", "g", "G", "n", "%": return framed(spelled(number, layout), layout)
    default: throw .type(operation: "an integer format", value: "a number")
    }
  }

  // MARK: Digits

  private static func spelled(_ number: Int, _ layout: Layout) -> String {
    var (radix, prefix) = (10, "")
    switch layout.kind {
    case "x", "X": (radix, prefix) = (16, layout.kind == "x" ? "0x" : "0X")
    case "o": (radix, prefix) = (8, "0o")
    case "b": (radix, prefix) = (2, "0b")
    default: break
    }
    let digits = String(number.magnitude, radix: radix, uppercase: layout.kind == "X")
    return (number < 0 ? "-" : "") + (layout.isAlternate ? prefix : "") + digits
  }

  private static func spelled(_ number: Double, _ layout: Layout) -> String {
    let isCapital = ["E", "F", "G"].contains(layout.kind)
    guard number.isFinite else {
      let text = PythonText.number(number) + (layout.kind == "%" ? "%" : "")
      return isCapital ? text.uppercased() : text
    }
    let precision = layout.precision ?? 6
    let text =
      switch layout.kind {
      case "e", "E": String(format: "%.*e", precision, number)
      case "g", "G", "n": String(format: "%.*g", precision, number)
      case "%": String(format: "%.*f", precision, number * 100) + "%"
      case nil:
        layout.precision == nil ? PythonText.number(number) : general(number, max(precision, 1))
      default: String(format: "%.*f", precision, number)
      }
    return isCapital ? text.uppercased() : text
  }

  /// As `%g`, with a decimal at least, and an exponent a digit earlier.
  private static func general(_ number: Double, _ precision: Int) -> String {
    let text = String(format: "%.*g", precision, number)
    guard !text.contains("e"), !text.contains(".") else { return text }
    guard text.drop(while: { $0 == "-" }).count >= precision else { return text + ".0" }
    return text.drop(while: { $0 == "-" }).count < precision
      ? text + ".0" : scientific(number, precision)
  }

  private static func scientific(_ number: Double, _ precision: Int) -> String {
    var text = String(format: "%.*e", precision - 1, number)
    if let exponent = text.firstIndex(of: "e"), text[..<exponent].contains(".") {
      var mantissa = text[..<exponent]
      while mantissa.last == "0" { mantissa.removeLast() }
      if mantissa.last == "." { mantissa.removeLast() }
      text = String(mantissa) + text[exponent...]
    }
    return text
  }

  // MARK: Places

  /// A number with its sign, its groups and its padding.
  private static func framed(_ number: String, _ layout: Layout) -> String {
    let isNegative = number.hasPrefix("-")
    var digits = isNegative ? String(number.dropFirst()) : number
    let sign = isNegative ? "-" : layout.sign.map { $0 == "-" ? "" : String($0) } ?? ""
    if let grouping = layout.grouping { digits = grouped(digits, grouping, layout.kind) }
    let fillsZeros =
      layout.alignment == "0" || layout.alignment == "="
      || (layout.alignment == nil && layout.fill == "0")
    guard fillsZeros else {
      return padded(sign + digits, layout, alignment: layout.alignment ?? ">")
    }
    let missing = layout.width - ScalarText.count(sign + digits)
    guard missing > 0 else { return sign + digits }
    return sign + String(repeating: String(layout.fill), count: missing) + digits
  }

  private static func grouped(_ text: String, _ separator: Unicode.Scalar, _ kind: Unicode.Scalar?)
    -> String
  {
    let size = ["x", "X", "o", "b"].contains(kind) ? 4 : 3
    let digits = text.prefix { $0.isHexDigit && $0 != "e" || size == 4 }
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % size == 0 { result += String(separator) }
      result.append(digit)
    }
    return result + text.dropFirst(digits.count)
  }

  private static func padded(_ text: String, _ layout: Layout, alignment: Unicode.Scalar) -> String
  {
    let missing = layout.width - ScalarText.count(text)
    guard missing > 0 else { return text }
    func pad(_ count: Int) -> String { String(repeating: String(layout.fill), count: count) }
    switch alignment {
    case "<": return text + pad(missing)
    case "^": return pad(missing / 2) + text + pad(missing - missing / 2)
    default: return pad(missing) + text
    }
  }
}
