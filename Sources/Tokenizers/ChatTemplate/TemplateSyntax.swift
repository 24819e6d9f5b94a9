/// An expression of a template.
indirect enum TemplateExpression {
  enum Operator: String {
    case add = "+", subtract = "-", multiply = "*", divide = "/", floorDivide = "//"
    case remainder = "%", power = "**"
  }

  enum Comparison: String {
    case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">"
    case greaterOrEqual = ">=", isIn = "in", isNotIn = "not in"
  }

  struct Arguments {
    var positional: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
  }

  case literal(JinjaValue)
  case name(String)
  case list([TemplateExpression])
  case tuple([TemplateExpression])
  case dictionary([(key: TemplateExpression, value: TemplateExpression)])
  case attribute(TemplateExpression, String)
  case element(TemplateExpression, TemplateExpression)
  case slice(
    TemplateExpression, from: TemplateExpression?, to: TemplateExpression?,
    by: TemplateExpression?)
  case call(TemplateExpression, Arguments)
  /// A nil value is the text of the enclosing filter block.
  case filter(TemplateExpression?, String, Arguments)
  case test(TemplateExpression, String, Arguments, negated: Bool)
  case negative(TemplateExpression)
  case positive(TemplateExpression)
  case not(TemplateExpression)
  case and(TemplateExpression, TemplateExpression)
  case or(TemplateExpression, TemplateExpression)
  case binary(Operator, TemplateExpression, TemplateExpression)
  case concatenation([TemplateExpression])
  case comparison(TemplateExpression, [(Comparison, TemplateExpression)])
  case conditional(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
}

/// What an assignment or a loop gives values to.
indirect enum TemplateTarget {
  case name(String)
  case tuple([TemplateTarget])
  /// An attribute of a namespace.
  case attribute(String, String)
}

/// A statement of a template.
indirect enum TemplateStatement {
  struct Parameter {
    var name: String
    var fallback: TemplateExpression?
  }

  struct Loop {
    var target: TemplateTarget
    var items: TemplateExpression
    var condition: TemplateExpression?
    var isRecursive: Bool
    var body: [TemplateStatement]
    var otherwise: [TemplateStatement]
  }

  struct Macro {
    var name: String
    var parameters: [Parameter]
    var body: [TemplateStatement]
    /// The part between `{% call %}` and `{% endcall %}`, which has no name.
    var isCallBlock = false
    /// Whether the body speaks of `caller`, `kwargs` or `varargs`: only then a call may bring them.
    var usesCaller = false
    var usesKeywords = false
    var usesRest = false
  }

  case text(String)
  case output(TemplateExpression)
  case choice(
    [(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
  case loop(Loop)
  case set(TemplateTarget, TemplateExpression)
  /// The rendered body, perhaps filtered.
  case setBlock(TemplateTarget, TemplateExpression?, [TemplateStatement])
  case macro(Macro)
  case callBlock(Macro, TemplateExpression)
  case filterBlock(TemplateExpression, [TemplateStatement])
  case with([(TemplateTarget, TemplateExpression)], [TemplateStatement])
  /// What an assistant says, marked by `{% generation %}`.
  case generation([TemplateStatement])
  /// A named part, which sees only what is set outside of everything.
  case block([TemplateStatement])
  /// What is an error once it is reached, as `{% include %}`.
  case refused(String)
  case breakLoop
  case continueLoop
}
