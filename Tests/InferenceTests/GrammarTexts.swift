import Inference

/// A vocabulary that names two tokens.
struct NamedTokens: TokenNames {
  var vocabularyCount = 1000
  var names: [String: Int32] = ["<think>": 300, "</think>": 301]

  func token(named text: String) -> Int32? { names[text] }
}

extension Grammar {
  init(_ text: String) throws(GrammarError) { try self.init(gbnf: text, tokens: NamedTokens()) }

  /// Whether a text, all of it, is of the language.
  func matches(_ text: String) -> Bool { matches(Array(text.utf8)) }

  func matches(_ bytes: [UInt8]) -> Bool {
    var automaton = GrammarAutomaton(self)
    var state = automaton.start
    for byte in bytes { state = automaton.step(state, byte) }
    return automaton.states[Int(state)].canEnd
  }
}
