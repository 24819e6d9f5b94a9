/// A grammar as it is written: rules by name.
struct GrammarSyntax {
  struct Rule {
    var name: String
    var place: GrammarError.Place
    var body: Expression
  }

  indirect enum Expression {
    case literal([Unicode.Scalar])
    case set(ScalarRanges)
    case rule(name: String, GrammarError.Place)
    /// One token of the vocabulary, or any but that one.
    case token(Int32, isNegated: Bool)
    case sequence([Expression])
    case choice([Expression])
    /// `most` is nil where there is no bound.
    case repetition(Expression, least: Int, most: Int?, GrammarError.Place)
  }

  var rules: [Rule] = []
}
