import Foundation

/// The two ways Python puts values into text: `"%s" % x` and `"{}".format(x)`.
struct PythonFormat {
  /// The place of a value: what stands between the percent sign, or the colon, and the kind of the field.
  struct Layout {
    var fill: Unicode.Scalar = " "
    var alignment: Unicode.Scalar?
    var sign: Unicode.Scalar?
    var isAlternate = false
    var grouping: Unicode.Scalar?
    var width = 0
    var precision: Int?
    var kind: Unicode.Scalar?
  }

  /// Wider fields than any text may be.
  static let maximumWidth = 1 << 20

  var scalars: Substring.UnicodeScalarView
  var result = String.UnicodeScalarView()
  /// Whether values are escaped for HTML.
  private let escapes: Bool
  /// Who counts the values that are spelled.
  let renderer: TemplateRenderer

  init(_ format: String, escapes: Bool, _ renderer: TemplateRenderer) {
    self.renderer = renderer
    scalars = format.unicodeScalars[...]
    self.escapes = escapes
  }

  mutating func append(_ text: String, of value: JinjaValue) {
    let text = escapes && !value.isMarkup ? HTMLText.escaped(text) : text
    result.append(contentsOf: text.unicodeScalars)
  }

  // MARK: "%s" % x

  /// `format % value`; for a safe format, what goes in is escaped.
  static func percent(
    _ format: String, _ value: JinjaValue, escapes: Bool = false, _ renderer: TemplateRenderer
  ) throws(ChatTemplateError) -> String {
    var state = PythonFormat(format, escapes: escapes, renderer)
    var values = [value]
    if case .tuple(let items) = value { values = items }
    var rest = values[...]
    var usesKeys = false
    while let scalar = state.scalars.popFirst() {
      guard scalar == "%" else {
        state.result.append(scalar)
        continue
      }
      if state.skip("%") {
        state.result.append("%")
        continue
      }
      var field: JinjaValue?
      if let key = try state.key() {
        guard case .dictionary(let dictionary) = value else {
          throw .type(operation: "a format with keys", value: value.typeName)
        }
        guard let found = dictionary[key] else { throw .undefined("the key " + key) }
        field = found
        usesKeys = true
      }
      let layout = try state.percentLayout(&rest)
      guard let value = field ?? rest.popFirst() else {
        throw .arithmetic("not enough values for the format")
      }
      try renderer.spend(on: value)
      state.append(try PythonNumberFormat.percent(value, layout), of: value)
      try renderer.make(layout.width + (layout.precision ?? 0))
    }
    switch value {
    case .dictionary, .list, .range, .undefined: break  // What has elements may be left over.
    default:
      guard rest.isEmpty || usesKeys else { throw .arithmetic("too many values for the format") }
    }
    return String(state.result)
  }

  mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard scalars.first == scalar else { return false }
    scalars.removeFirst()
    return true
  }

  /// The name in `%(name)s`.
  private mutating func key() throws(ChatTemplateError) -> String? {
    guard skip("(") else { return nil }
    guard let close = scalars.firstIndex(of: ")") else { throw .arithmetic("an unfinished format") }
    defer { scalars = scalars[scalars.index(after: close)...] }
    return String(scalars[..<close])
  }

  private mutating func percentLayout(_ values: inout ArraySlice<JinjaValue>)
    throws(ChatTemplateError) -> Layout
  {
    func star() throws(ChatTemplateError) -> Int {
      guard let number = values.popFirst()?.asInteger else {
        throw .type(operation: "*", value: "not a number")
      }
      guard abs(number) <= Self.maximumWidth else { throw .limitExceeded(.output) }
      return number
    }
    var layout = Layout()
    while let flag = scalars.first, ["-", "0", "+", " ", "#"].contains(flag) {
      scalars.removeFirst()
      switch flag {
      case "-": layout.alignment = "<"
      case "0": layout.fill = "0"
      case "#": layout.isAlternate = true
      default: layout.sign = layout.sign == "+" ? "+" : flag
      }
    }
    if skip("*") {
      let width = try star()
      layout.width = abs(width)
      if width < 0 { layout.alignment = "<" }
    } else {
      layout.width = try number() ?? 0
    }
    if skip(".") { layout.precision = skip("*") ? max(0, try star()) : try number() ?? 0 }
    while let size = scalars.first, ["h", "l", "L"].contains(size) { scalars.removeFirst() }
    guard let kind = scalars.popFirst() else { throw .arithmetic("an unfinished format") }
    layout.kind = kind
    return layout
  }

  mutating func number() throws(ChatTemplateError) -> Int? {
    var value: Int?
    while let digit = scalars.first, ("0"..."9").contains(digit) {
      let next = (value ?? 0) * 10 + Int(digit.value - 48)
      guard next <= Self.maximumWidth else { throw .limitExceeded(.output) }
      value = next
      scalars.removeFirst()
    }
    return value
  }
}
