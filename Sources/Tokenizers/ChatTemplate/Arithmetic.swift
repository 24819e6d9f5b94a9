import Foundation

/// The operators of templates, with Python's rules.
enum Arithmetic {
  static func apply(
    _ operation: TemplateExpression.Operator, _ left: JinjaValue, _ right: JinjaValue, limit: Int
  ) throws(ChatTemplateError) -> JinjaValue {
    for case .undefined(let what) in [left, right] { throw .undefined(what) }
    switch operation {
    case .add: return try add(left, right)
    case .subtract: return try subtract(left, right)
    case .multiply: return try multiply(left, right, limit: limit)
    case .divide:
      let (a, b) = try numbers(left, right, "/")
      guard b != 0 else { throw .arithmetic("division by zero") }
      return .number(a / b)
    case .floorDivide: return try floorDivide(left, right)
    case .remainder: return try remainder(left, right)
    case .power: return try power(left, right)
    }
  }

  private static func integers(_ left: JinjaValue, _ right: JinjaValue) -> (Int, Int)? {
    guard let a = left.asInteger, let b = right.asInteger else { return nil }
    return (a, b)
  }

  private static func numbers(_ left: JinjaValue, _ right: JinjaValue, _ operation: String)
    throws(ChatTemplateError) -> (Double, Double)
  {
    guard let a = left.asDouble, let b = right.asDouble else {
      let culprit = left.asDouble == nil ? left : right
      throw .type(operation: operation, value: culprit.typeName)
    }
    return (a, b)
  }

  private static func checked(_ result: (partialValue: Int, overflow: Bool))
    throws(ChatTemplateError) -> JinjaValue
  {
    guard !result.overflow else { throw .arithmetic("an integer is too large") }
    return .integer(result.partialValue)
  }

  static func add(_ left: JinjaValue, _ right: JinjaValue) throws(ChatTemplateError) -> JinjaValue {
    switch (left, right) {
    case (.string(let a), .string(let b)): return .string(a + b)
    case (.markup(let a), _) where right.text != nil:
      return .markup(a + HTMLText.escaped(right))
    case (_, .markup(let b)) where left.text != nil:
      return .markup(HTMLText.escaped(left) + b)
    case (.list(let a), .list(let b)): return .list(a + b)
    case (.tuple(let a), .tuple(let b)): return .tuple(a + b)
    default:
      if let (a, b) = integers(left, right) { return try checked(a.addingReportingOverflow(b)) }
      let (a, b) = try numbers(left, right, "+")
      return .number(a + b)
    }
  }

  static func subtract(_ left: JinjaValue, _ right: JinjaValue) throws(ChatTemplateError)
    -> JinjaValue
  {
    if let (a, b) = integers(left, right) { return try checked(a.subtractingReportingOverflow(b)) }
    let (a, b) = try numbers(left, right, "-")
    return .number(a - b)
  }

  private static func multiply(_ left: JinjaValue, _ right: JinjaValue, limit: Int)
    throws(ChatTemplateError) -> JinjaValue
  {
    func times(_ count: Int, _ size: Int) throws(ChatTemplateError) -> Int {
      let (total, overflow) = max(count, 0).multipliedReportingOverflow(by: max(size, 1))
      guard !overflow, total <= limit else { throw .limitExceeded(.output) }
      return max(count, 0)
    }
    switch (left, right.asInteger) {
    case (.string(let text), let count?), (.markup(let text), let count?):
      let count = try times(count, text.utf8.count)
      return left.remade(count == 1 ? text : ScalarText.repeated(text, count))
    case (.list(let items), let count?):
      return .list(repeated(items, try times(count, items.count * JinjaValue.byteCount)))
    case (.tuple(let items), let count?):
      return .tuple(repeated(items, try times(count, items.count * JinjaValue.byteCount)))
    default: break
    }
    switch right {
    case .string, .markup, .list, .tuple:
      guard left.asInteger != nil else { break }
      return try multiply(right, left, limit: limit)
    default: break
    }
    if let (a, b) = integers(left, right) {
      return try checked(a.multipliedReportingOverflow(by: b))
    }
    let (a, b) = try numbers(left, right, "*")
    return .number(a * b)
  }

  private static func repeated(_ items: [JinjaValue], _ count: Int) -> [JinjaValue] {
    Array(repeatElement(items, count: count).joined())
  }

  private static func floorDivide(_ left: JinjaValue, _ right: JinjaValue)
    throws(ChatTemplateError) -> JinjaValue
  {
    if let (a, b) = integers(left, right) {
      guard b != 0 else { throw .arithmetic("division by zero") }
      let (quotient, overflow) = a.dividedReportingOverflow(by: b)
      guard !overflow else { throw .arithmetic("an integer is too large") }
      return .integer(a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient)
    }
    let (a, b) = try numbers(left, right, "//")
    guard b != 0 else { throw .arithmetic("division by zero") }
    let rest = fmod(a, b)
    let quotient = (a - rest) / b - (rest != 0 && (rest < 0) != (b < 0) ? 1 : 0)
    let floor = quotient.rounded(.down)
    return .number(quotient - floor > 0.5 ? floor + 1 : floor)
  }

  private static func remainder(_ left: JinjaValue, _ right: JinjaValue)
    throws(ChatTemplateError) -> JinjaValue
  {
    if let (a, b) = integers(left, right) {
      guard b != 0 else { throw .arithmetic("division by zero") }
      let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
      return .integer(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest)
    }
    let (a, b) = try numbers(left, right, "%")
    guard b != 0 else { throw .arithmetic("division by zero") }
    let rest = fmod(a, b)
    if rest == 0 { return .number(b < 0 ? -0.0 : 0.0) }
    return .number((rest < 0) != (b < 0) ? rest + b : rest)
  }

  private static func power(_ left: JinjaValue, _ right: JinjaValue) throws(ChatTemplateError)
    -> JinjaValue
  {
    if let (base, exponent) = integers(left, right), exponent >= 0 {
      if base == 0 || base == 1 { return .integer(exponent == 0 ? 1 : base) }
      if base == -1 { return .integer(exponent % 2 == 0 ? 1 : -1) }
      guard exponent < Int.bitWidth else { throw .arithmetic("an integer is too large") }
      var result = JinjaValue.integer(1)
      for _ in 0..<exponent { result = try multiply(result, .integer(base), limit: 0) }
      return result
    }
    let (a, b) = try numbers(left, right, "**")
    guard a != 0 || b >= 0 else { throw .arithmetic("zero to a negative power") }
    let result = pow(a, b)
    guard result.isFinite || !(a.isFinite && b.isFinite) else {
      throw .arithmetic(a < 0 ? "a root of a negative number" : "a number is too large")
    }
    return .number(result)
  }

  // MARK: Comparisons

  static func compare(
    _ comparison: TemplateExpression.Comparison, _ left: JinjaValue, _ right: JinjaValue
  ) throws(ChatTemplateError) -> Bool {
    switch comparison {
    case .equal: return left.isEqual(to: right)
    case .notEqual: return !left.isEqual(to: right)
    case .less: return try precedes(left, right)
    case .greater: return try precedes(right, left)
    case .lessOrEqual: return try precedes(left, right) || left.isEqual(to: right)
    case .greaterOrEqual: return try precedes(right, left) || left.isEqual(to: right)
    case .isIn: return try contains(right, left)
    case .isNotIn: return !(try contains(right, left))
    }
  }

  static func precedes(_ left: JinjaValue, _ right: JinjaValue) throws(ChatTemplateError) -> Bool {
    switch (left, right) {
    case (.undefined(let what), _), (_, .undefined(let what)): throw .undefined(what)
    case _ where left.text != nil && right.text != nil:
      return ScalarText.precedes(left.text ?? "", right.text ?? "")
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a, b) where !x.isEqual(to: y) { return try precedes(x, y) }
      return a.count < b.count
    default:
      if let (a, b) = integers(left, right) { return a < b }
      let (a, b) = try numbers(left, right, "a comparison")
      return a < b
    }
  }

  static func contains(_ container: JinjaValue, _ value: JinjaValue) throws(ChatTemplateError)
    -> Bool
  {
    switch container {
    case .undefined: return false
    case .string(let text), .markup(let text):
      guard let part = value.text else {
        throw .type(operation: "in a string", value: value.typeName)
      }
      return ScalarText.firstRange(of: part, in: text) != nil
    case .list(let items), .tuple(let items): return items.contains { $0.isEqual(to: value) }
    case .dictionary(let dictionary), .view(let dictionary, .keys):
      if value.isUndefined { return false }
      return dictionary[try JinjaKey(value)] != nil
    case .view(let dictionary, let part):
      return dictionary.list(part).contains { $0.isEqual(to: value) }
    case .range(let range):
      if case .number(let number) = value {
        return Int(exactly: number).map(range.contains) ?? false
      }
      return value.asInteger.map(range.contains) ?? false
    case .generator(let generator):
      while let item = try generator.next() { if item.isEqual(to: value) { return true } }
      return false
    default: throw .type(operation: "in", value: container.typeName)
    }
  }
}
