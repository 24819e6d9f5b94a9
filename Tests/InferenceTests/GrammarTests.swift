import Testing

import Inference

@Suite struct GrammarTests {
  @Test("A grammar matches its texts and no others", arguments: GrammarCases.all)
  func texts(_ sample: GrammarCases.Case) throws {
    let grammar = try Grammar(sample.grammar)
    for text in sample.matches { #expect(grammar.matches(text), "\(text)") }
    for text in sample.rejects { #expect(!grammar.matches(text), "\(text)") }
  }

  @Test(
    "Terminals and operators mean what they say",
    arguments: [
      ("root ::= [a-c-]", ["a", "c", "-"], ["d", ""]),
      ("root ::= [^a-c]", ["d", "é", "\n", "🔵"], ["a", "b", ""]),
      ("root ::= [\\x41\\u00e9\\U0001F535]", ["A", "é", "🔵"], ["B", "\\"]),
      (#"root ::= [\]\\\-\[\"]+"#, [#"]\-["#], ["^"]),
      ("root ::= \"a\\tb\\r\\n\"", ["a\tb\r\n"], ["atb"]),
      ("root ::= \"ab\"{,2}", ["", "ab", "abab"], ["aba", "ababab"]),
      ("root ::= \"a\" { 1 , 2 }", ["a", "aa"], ["", "aaa"]),
      ("root ::= \"a\"{0}", [""], ["a"]),
      ("root ::= \"a\"{2}{2}", ["aaaa"], ["aa", "aaa"]),
      ("root ::= (\"a\" # one\n | \"b\"\n)\n# end", ["a", "b"], ["ab"]),
      ("root ::= \"a\" |\n \"b\"\r\n\r\nx ::= \"c\"", ["a", "b"], ["c"]),
      ("root ::= (a-1 | )\na-1 ::= \"x\"", ["", "x"], ["a-1"]),
      ("root ::= (\"a\"? \"b\"?)* \"c\"", ["c", "abac", "bbc"], ["ab"]),
      ("root ::= \"a\" root \"b\" |", ["", "ab", "aaabbb"], ["aab", "abb"]),
      (".root ::= \"a\"", [], []),
    ] as [(String, [String], [String])])
  func forms(_ text: String, _ matches: [String], _ rejects: [String]) throws {
    guard !matches.isEmpty else {
      #expect(throws: GrammarError.self) { try Grammar(text) }
      return
    }
    let grammar = try Grammar(text)
    for text in matches { #expect(grammar.matches(text), "\(text)") }
    for text in rejects { #expect(!grammar.matches(text), "\(text)") }
  }

  @Test(
    "What is wrong with a grammar is said with its place",
    arguments: [
      ("", "there is no rule 'root'"),
      ("rood ::= \"a\"", "there is no rule 'root'"),
      ("root ::= [a", "line 1, column 12: expected ']', found the end"),
      ("root ::=\n (\"a\"", "line 2, column 6: expected ')', found the end"),
      ("root ::= [z-a]", "line 1, column 11: the range ends before it starts"),
      ("root ::= []", "line 1, column 10: the class has no characters"),
      ("root ::= *", "line 1, column 10: expected a symbol to repeat, found '*'"),
      ("root = \"a\"", "line 1, column 6: expected '::=', found '='"),
      ("root ::= \"\\q\"", "line 1, column 11: '\\q' is no escape of a Unicode scalar"),
      ("root ::= \"\\uD800\"", "line 1, column 11: '\\uD800' is no escape of a Unicode scalar"),
      ("root ::= a\n\nb ::= \"\"", "line 1, column 10: rule 'a' is not defined"),
      (
        "root ::= \"a\"\nroot ::= \"b\"",
        "line 2, column 1: rule 'root' is defined already, at line 1, column 1"
      ),
      (
        "root ::= \"a\"{5,2}", "line 1, column 13: a repetition of 5 at least and 2 at most"
      ),
      ("root ::= \"a\"{,}", "line 1, column 13: expected a bound, found '{'"),
      ("root ::= \"a\"{x}", "line 1, column 14: expected a number or ',', found 'x'"),
      ("root ::= <nope>", "line 1, column 10: '<nope>' is not one token of the vocabulary"),
      ("root ::= !<[1000]>", "line 1, column 11: token 1000 is not in the vocabulary of 1000"),
      ("root ::= \"a\" | root \"a\"", "left recursion: root -> root"),
      (
        "root ::= foo\nfoo ::= empty bar | \"c\"\nbar ::= foo \"d\"\nempty ::= \"e\"?",
        "left recursion: foo -> bar -> foo"
      ),
    ])
  func errors(_ text: String, _ message: String) {
    let error = #expect(throws: GrammarError.self) { try Grammar(text) }
    #expect(error?.description == message)
  }

  static let hostile: [(String, String)] = [
    ("groups in groups", "root ::= " + String(repeating: "(", count: 500_000)),
    ("operators on operators", "root ::= \"a\"" + String(repeating: "*", count: 500_000)),
    ("a huge repetition", "root ::= \"a\"{1000000000000}"),
    ("a number beyond 64 bits", "root ::= \"a\"{99999999999999999999}"),
    ("a repetition of nothing", "root ::= \"\"{1000000000}"),
    ("repetitions multiplied", "root ::= ((((\"a\"{100}){100}){100}){100}){100}"),
    (
      "a ring of rules",
      (0..<50_000).map { "r\($0) ::= r\(($0 + 1) % 50_000)\n" }.joined() + "root ::= r0"
    ),
    (
      "many undefined rules", "root ::= x\n" + String(repeating: "# y\n", count: 300_000)
    ),
  ]

  @Test("A hostile grammar is refused quickly", arguments: hostile.indices)
  func refusal(_ index: Int) {
    let time = ContinuousClock().measure {
      #expect(throws: GrammarError.self, "\(Self.hostile[index].0)") {
        try Grammar(Self.hostile[index].1)
      }
    }
    #expect(time < .seconds(5))
  }

  @Test(
    "A grammar with very many ways is followed within bounds",
    arguments: [
      // Twice as many stacks with each letter.
      ("root ::= s\ns ::= \"a\" s \"b\" | \"a\" s \"c\" |", 30),
      // Before the first letter already.
      (
        "root ::= r0\n"
          + (0..<40).map { "r\($0) ::= r\($0 + 1) \"x\" | r\($0 + 1) \"y\"\n" }.joined()
          + "r40 ::= \"a\"*", 30
      ),
      // Deeper than any stack may be.
      ("root ::= \"a\" root \"b\" |", 1100),
    ])
  func manyWays(_ text: String, _ letters: Int) throws {
    let grammar = try Grammar(text)
    var automaton = GrammarAutomaton(grammar)
    var state = automaton.start
    for _ in 0..<letters {
      state = automaton.step(state, UInt8(ascii: "a"))
      #expect(
        automaton.states[Int(state)].threads.count <= GrammarAutomaton.maximumThreads)
      if automaton.isFull { state = automaton.forget(except: [state])[0] }
    }
    #expect(automaton.isCut)
  }

  @Test("Recursion at the end of a rule keeps the stack flat")
  func flatRecursion() throws {
    var automaton = GrammarAutomaton(try Grammar("root ::= \"a\" root | \"b\""))
    let once = automaton.step(automaton.start, UInt8(ascii: "a"))
    #expect(automaton.step(once, UInt8(ascii: "a")) == once)
  }

  @Test(
    "Bytes that are not UTF-8 match nothing, not even any character",
    arguments: [
      [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
      [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5], [0xFF], [0xC3], [0xC3, 0x28],
      [0xF0, 0x9F, 0x94],
    ] as [[UInt8]])
  func malformed(_ bytes: [UInt8]) throws {
    #expect(!(try Grammar("root ::= .*")).matches(bytes))
    #expect(!(try Grammar("root ::= [^a]*")).matches(bytes))
  }

  @Test("The first bytes of a character pass only where it can become one that is wanted")
  func partialScalars() throws {
    var automaton = GrammarAutomaton(try Grammar("root ::= [ぁ-ゟ]"))  // U+3041 to U+309F
    let lead = automaton.step(automaton.start, 0xE3)
    #expect(lead != GrammarAutomaton.dead)
    for second in UInt8.min...UInt8.max {
      let isWanted = second == 0x81 || second == 0x82
      #expect((automaton.step(lead, second) != GrammarAutomaton.dead) == isWanted)
    }
    #expect(automaton.step(automaton.start, 0xE4) == GrammarAutomaton.dead)
  }
}
