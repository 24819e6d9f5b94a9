import Testing

/// Grammars with texts that they match and reject.
///
/// - Source: `tests/test-grammar-integration.cpp` of llama.cpp (in llama-cpp-python 0.3.36), as facts.
enum GrammarCases {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let grammar: String
    let matches: [String]
    let rejects: [String]

    init(_ name: String, _ grammar: String, matches: [String], rejects: [String]) {
      testDescription = name
      self.grammar = grammar
      self.matches = matches
      self.rejects = rejects
    }
  }

  static let all = [
    Case(
      "simple grammar",
      #"""
      root ::= expr
      expr ::= term ("+" term)*
      term ::= number
      number ::= [0-9]+
      """#,
      matches: ["42", "1+2+3+4+5", "123+456"],
      rejects: ["+", "/ 3", "1+2+3+4+5+", "12a45"]),
    Case(
      "medium complexity grammar",
      #"""
      root ::= expression
      expression ::= term ws (("+"|"-") ws term)*
      term ::= factor ws (("*"|"/") ws factor)*
      factor ::= number | variable | "(" expression ")" | function-call
      number ::= [0-9]+
      variable ::= [a-zA-Z_][a-zA-Z0-9_]*
      function-call ::= variable ws "(" (expression ("," ws expression)*)? ")"
      ws ::= [ \t\n\r]?
      """#,
      matches: [
        "42", "1*2*3*4*5", "x", "x+10", "x1+y2", "(a+b)*(c-d)", "func()", "func(x,y+2)",
        "a*(b+c)-d/e", "f(g(x),h(y,z))", "x + 10", "x1 + y2", "(a + b) * (c - d)", "func()",
        "func(x, y + 2)", "a * (b + c) - d / e", "f(g(x), h(y, z))", "123+456",
        "123*456*789-123/456+789*123",
        "123+456*789-123/456+789*123-456/789+123*456-789/123+456*789-123/456+789*123-456",
      ],
      rejects: [
        "+", "/ 3x", "x + + y", "a * / b", "func(,)", "func(x y)", "(a + b", "x + y)",
        "a + b * (c - d", "42 +", "x +", "x + 10 +", "(a + b) * (c - d", "func(", "func(x, y + 2",
        "a * (b + c) - d /", "f(g(x), h(y, z)",
        "123+456*789-123/456+789*123-456/789+123*456-789/123+456*789-123/456+789*123-456/",
      ]),
    Case(
      "special characters",
      #"root ::= ... "abc" ..."#,
      matches: ["abcabcabc", "aaaabcccc", "🔵🟠✅abc❌🟠🔵"],
      rejects: ["aaabcccc", "aaaaabcccc", "aaaabccc", "aaaabccccc", "🔵🟠✅❌abc❌✅🟠🔵", "🔵🟠abc🟠🔵"]),
    Case(
      "* quantifier",
      #"root ::= "a"*"#,
      matches: [
        "", "a", "aaaaa", "aaaaaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      ],
      rejects: [
        "b", "ab", "aab", "ba", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
      ]),
    Case(
      "+ quantifier",
      #"root ::= "a"+"#,
      matches: [
        "a", "aaaaa", "aaaaaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      ],
      rejects: [
        "", "b", "ab", "aab", "ba",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
      ]),
    Case(
      "? quantifier",
      #"root ::= "a"?"#,
      matches: ["", "a"],
      rejects: ["b", "ab", "aa", "ba"]),
    Case(
      "mixed quantifiers",
      #"""
      root ::= cons+ vowel* cons? (vowel cons)*
      vowel ::= [aeiouy]
      cons ::= [bcdfghjklmnpqrstvwxyz]
      """#,
      matches: ["yes", "no", "noyes", "crwth", "four", "bryyyy"],
      rejects: ["yess", "yesno", "forty", "catyyy"]),
    Case(
      "simple exact repetition",
      "root ::= [ab]{4}",
      matches: ["aaaa", "bbbb", "abab"],
      rejects: ["a", "b", "aaaaa"]),
    Case(
      "simple min repetition",
      "root ::= [ab]{4,}",
      matches: ["aaaa", "aaaaab", "bbbb", "ababab"],
      rejects: ["", "aba"]),
    Case(
      "simple max repetition",
      "root ::= [ab]{0,4}",
      matches: ["", "a", "aa", "aaa", "aaab"],
      rejects: ["aaaaa"]),
    Case(
      "min / max repetition",
      #"root ::= ("0x" [A-F0-9]{2} " "?){3,5}"#,
      matches: ["0xFF 0x12 0xAB", "0xFF 0x12 0xAB 0x00 0x00"],
      rejects: ["", "0xFF", "0xFF 0x12", "0xFF 0x12 0xAB 0x00 0x00 0x00"]),
    Case(
      "segfault",
      "root ::= ( [x]* )*",
      matches: ["", "x", "xx"],
      rejects: ["y", "yy"]),
  ]
}
