import Foundation

/// The two ways Python puts values into text: `"%s" % x` and `"{}".format(x)`.
enum PythonFormat {
  static let maximumWidth = 1024

  /// What stands between the percent sign, or the colon, and the kind of the field.
  private struct Layout {
    var fill: Unicode.Scalar = " "
    var alignment: Unicode.Scalar?
    var sign: Unicode.Scalar?
    var groups = false
    var width = 0
    var precision: Int?
    var kind: Unicode.Scalar?
  }

  static func percent(_ format: String, _ value: JinjaValue) throws(ChatTemplateError) -> String {
    var values = [value]
    if case .tuple(let items) = value { values = items }
    var result = String.UnicodeScalarView()
    var scalars = format.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        result.append(scalar)
        continue
      }
      if scalars.first == "%" {
        result.append(scalars.removeFirst())
        continue
      }
      var layout = Layout()
      while let flag = scalars.first, ["-", "0", "+", " "].contains(flag) {
        scalars.removeFirst()
        switch flag {
        case "-": layout.alignment = "<"
        case "0": layout.fill = "0"
        default: layout.sign = flag
        }
      }
      layout.width = number(&scalars) ?? 0
      if scalars.first == "." {
        scalars.removeFirst()
        layout.precision = number(&scalars) ?? 0
      }
      guard let kind = scalars.popFirst(), !values.isEmpty else {
        throw .arithmetic("not enough values for the format")
      }
      if layout.alignment == nil { layout.alignment = layout.fill == "0" ? "=" : ">" }
      layout.kind = kind == "i" ? "d" : kind
      let value = values.removeFirst()
      result.append(
        contentsOf: try spell(
          kind == "r" ? .string(PythonText.representation(value)) : value, layout
        ).unicodeScalars)
    }
    return String(result)
  }

  static func braces(_ format: String, _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> String
  {
    var result = String.UnicodeScalarView()
    var scalars = format.unicodeScalars[...]
    var nextPlace = 0
    while let scalar = scalars.popFirst() {
      guard scalar == "{" || scalar == "}" else {
        result.append(scalar)
        continue
      }
      if scalars.first == scalar {
        result.append(scalars.removeFirst())
        continue
      }
      guard scalar == "{", let close = scalars.firstIndex(of: "}") else {
        throw .arithmetic("a single brace in a format")
      }
      let field = String(scalars[..<close])
      scalars = scalars[scalars.index(after: close)...]
      let halves = ScalarText.split(field, separator: ":", limit: 1)
      let nameAndStyle = ScalarText.split(halves[0], separator: "!", limit: 1)
      let name = nameAndStyle[0]
      var value: JinjaValue?
      if name.isEmpty {
        value = arguments[nextPlace, ""]
        nextPlace += 1
      } else if let place = Int(name) {
        value = place >= 0 ? arguments[place, ""] : nil
      } else {
        value = arguments.named.last { $0.name == name }?.value
      }
      guard var value else { throw .undefined("the format field {\(name)}") }
      if nameAndStyle.count == 2 {
        value = .string(
          nameAndStyle[1] == "r" ? PythonText.representation(value) : PythonText.string(value))
      }
      let layout = try layout(halves.count == 2 ? halves[1] : "")
      result.append(contentsOf: try spell(value, layout).unicodeScalars)
    }
    return String(result)
  }

  private static func number(_ scalars: inout Substring.UnicodeScalarView) -> Int? {
    var value: Int?
    while let digit = scalars.first, ("0"..."9").contains(digit) {
      value = min((value ?? 0) * 10 + Int(digit.value - 48), maximumWidth)
      scalars.removeFirst()
    }
    return value
  }

  private static func layout(_ text: String) throws(ChatTemplateError) -> Layout {
    var layout = Layout()
    var scalars = text.unicodeScalars[...]
    let alignments: Set<Unicode.Scalar> = ["<", ">", "^", "="]
    if let second = scalars.dropFirst().first, alignments.contains(second) {
      layout.fill = scalars.removeFirst()
      layout.alignment = scalars.removeFirst()
    } else if let first = scalars.first, alignments.contains(first) {
      layout.alignment = scalars.removeFirst()
    }
    if let sign = scalars.first, ["+", "-", " "].contains(sign) {
      layout.sign = scalars.removeFirst()
    }
    if scalars.first == "0", layout.alignment == nil {
      layout.fill = "0"
      layout.alignment = "="
    }
    layout.width = number(&scalars) ?? 0
    if scalars.first == "," {
      scalars.removeFirst()
      layout.groups = true
    }
    if scalars.first == "." {
      scalars.removeFirst()
      layout.precision = number(&scalars) ?? 0
    }
    layout.kind = scalars.popFirst()
    guard scalars.isEmpty else { throw .type(operation: "a format", value: "\"\(text)\"") }
    return layout
  }

  private static func spell(_ value: JinjaValue, _ layout: Layout) throws(ChatTemplateError)
    -> String
  {
    var text: String
    var isNumber = true
    switch layout.kind {
    case "d", "x", "X", "o", "b":
      guard
        let number = value.asInteger
          ?? value.asDouble.flatMap({ Int(exactly: $0.rounded(.towardZero)) })
      else { throw .type(operation: "a number format", value: value.typeName) }
      let radix = layout.kind == "d" ? 10 : layout.kind == "o" ? 8 : layout.kind == "b" ? 2 : 16
      text = String(number, radix: radix, uppercase: layout.kind == "X")
    case "f", "F", "e", "g", "%":
      guard let number = value.asDouble else {
        throw .type(operation: "a number format", value: value.typeName)
      }
      let style = layout.kind == "e" ? "%.*e" : layout.kind == "g" ? "%.*g" : "%.*f"
      text = String(
        format: style, layout.precision ?? 6, layout.kind == "%" ? number * 100 : number)
      if layout.kind == "%" { text += "%" }
    default:
      text = PythonText.string(value)
      isNumber =
        value.asDouble != nil && !PythonText.string(value).hasPrefix("T")
        && !PythonText.string(value).hasPrefix("F")
      if let precision = layout.precision, !isNumber {
        text = ScalarText.string(text.unicodeScalars.prefix(precision))
      }
    }
    if layout.groups { text = grouped(text) }
    if isNumber, let sign = layout.sign, sign != "-", !text.hasPrefix("-") {
      text = String(sign) + text
    }
    return padded(text, layout, isNumber: isNumber)
  }

  private static func grouped(_ text: String) -> String {
    let sign = text.hasPrefix("-") ? "-" : ""
    let digits = text.dropFirst(sign.count).prefix { $0.isNumber }
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result += "," }
      result.append(digit)
    }
    return sign + result + text.dropFirst(sign.count + digits.count)
  }

  private static func padded(_ text: String, _ layout: Layout, isNumber: Bool) -> String {
    let missing = min(layout.width, maximumWidth) - ScalarText.count(text)
    guard missing > 0 else { return text }
    func pad(_ count: Int) -> String { String(repeating: String(layout.fill), count: count) }
    switch layout.alignment ?? (isNumber ? ">" : "<") {
    case "<": return text + pad(missing)
    case "^": return pad(missing / 2) + text + pad(missing - missing / 2)
    case "=":
      let sign = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.prefix(1)) : ""
      return sign + pad(missing) + text.dropFirst(sign.count)
    default: return pad(missing) + text
    }
  }
}
