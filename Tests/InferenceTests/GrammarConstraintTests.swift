import GGUF
import TestSupport
import Testing

import Inference

@Suite struct GrammarConstraintTests {
  /// Each byte, then these texts; `<think>` is 300, `</think>` 301, the end 302.
  private static let words = [
    "a", "ab", "aba", "b", "ba", "\"a", "a\"", "é", "日本", "", "[1", ",2", "]]",
  ]

  private static let texts: [[UInt8]] =
    (0...255).map { [UInt8($0)] } + words.map { Array($0.utf8) }
    + Array(repeating: [], count: 303 - 256 - words.count)

  private func constraint(_ grammar: String) throws -> GrammarConstraint {
    GrammarConstraint(try Grammar(grammar), texts: Self.texts, endTokens: [302])
  }

  /// Tokens that may come next.
  private func allowed(_ constraint: GrammarConstraint) throws -> [Int32] {
    // One more than the vocabulary, as models pad theirs.
    var logits = [Float](repeating: 1, count: Self.texts.count + 1)
    _ = try logits.withUnsafeMutableBufferPointer { try constraint.forbid(in: $0) }
    return logits.indices.filter { logits[$0] == 1 }.map(Int32.init)
  }

  @Test(
    "Tokens pass whose text the grammar can continue, and no others",
    arguments: [
      "root ::= (\"a\" | \"b\")* \"é\"?", "root ::= [^a]{3,40}", "root ::= \"日本\" .*",
      "root ::= value\nvalue ::= \"[\" value (\",\" value)* \"]\" | [0-9]+ | \"\\\"\" [^\"]* \"\\\"\"",
    ])
  func allowedTokens(_ text: String) throws {
    let constraint = try constraint(text)
    let grammar = try Grammar(text)
    var random = SystemRandomNumberGenerator()
    var written: [UInt8] = []
    for _ in 0..<200 {
      var expected: [Int32] = []
      for (id, bytes) in Self.texts.enumerated() where !bytes.isEmpty {
        var automaton = GrammarAutomaton(grammar)
        let state = (written + bytes).reduce(automaton.start) { automaton.step($0, $1) }
        if state != GrammarAutomaton.dead { expected.append(Int32(id)) }
      }
      if grammar.matches(written) { expected.append(302) }
      let found = try allowed(constraint)
      try #require(found == expected, "after \(written)")
      guard let token = found.filter({ $0 != 302 }).randomElement(using: &random) else { break }
      try constraint.accept(token)
      written += Self.texts[Int(token)]
      if written.count > 60 {
        written = []
        constraint.restart()
      }
    }
  }

  @Test("The text may end where the grammar can, and only there")
  func ending() throws {
    let constraint = try constraint("root ::= \"ab\" \"c\"?")
    #expect(try !allowed(constraint).contains(302))
    #expect(throws: GrammarError.forbiddenToken(302)) { try constraint.accept(302) }
    try constraint.accept(257)
    #expect(try allowed(constraint) == [99, 302])
    try constraint.accept(99)
    #expect(try allowed(constraint) == [302])
  }

  @Test("A complete text without a token for the end says that nothing is left")
  func complete() throws {
    let constraint = GrammarConstraint(
      try Grammar("root ::= \"a\""), texts: Self.texts, endTokens: [])
    try constraint.accept(97)
    var logits = [Float](repeating: 1, count: Self.texts.count)
    let isLeft = try logits.withUnsafeMutableBufferPointer { try constraint.forbid(in: $0) }
    #expect(!isLeft)
  }

  @Test("A text that no token can continue is an error")
  func deadEnd() throws {
    let constraint = GrammarConstraint(
      try Grammar("root ::= \"ab\""), texts: [Array("a".utf8), Array("c".utf8)], endTokens: [])
    try constraint.accept(0)
    var logits: [Float] = [1, 1]
    #expect(throws: GrammarError.deadEnd(isCut: false)) {
      try logits.withUnsafeMutableBufferPointer { try constraint.forbid(in: $0) }
    }
  }

  @Test("Tokens that are no text pass where the grammar names them")
  func namedTokens() throws {
    let constraint = try constraint("root ::= <think> !</think>{0,2} <[301]> \"a\"")
    #expect(try allowed(constraint) == [300])
    #expect(throws: GrammarError.forbiddenToken(97)) { try constraint.accept(97) }
    try constraint.accept(300)
    #expect(try allowed(constraint).count == 302)
    #expect(try !allowed(constraint).contains(302))
    try constraint.accept(300)
    try constraint.accept(268)
    #expect(try allowed(constraint) == [301])
    try constraint.accept(301)
    #expect(try allowed(constraint) == [97, 256])
  }

  @Test("A long text and a long repetition stay within the memory they have, and right")
  func memory() throws {
    let constraint = try constraint("root ::= (\"a\" | \"b\"){10000} \"!\"")
    for _ in 0..<5000 {
      try constraint.accept(257)
      #expect(constraint.rememberedStates <= 2048 + 8)
    }
    #expect(try allowed(constraint) == [33])
  }

  @Test("A session writes only what the grammar wants, and stops when it is whole")
  func generation() throws {
    let folder = try TemporaryFolder()
    let model = try Model(GGUFFile(try TinyModel().write(to: folder)))
    let session = try Session(model, contextLength: 64)
    let texts = (0..<model.dimensions.vocabularyCount).map { [UInt8(97 + $0 % 3)] }
    let constraint = GrammarConstraint(
      try Grammar("root ::= (\"ab\" \"c\"){3}"), texts: texts, endTokens: [])
    var written: [UInt8] = []
    var sampler = try Sampler(SamplingParameters())
    let statistics = try session.generate([1], sampler: &sampler, constraint: constraint) { token in
      written += texts[Int(token)]
      return true
    }
    #expect(String(decoding: written, as: UTF8.self) == "abcabcabc")
    #expect(statistics.stopReason == .endOfGeneration)
    #expect(statistics.newTokenCount == 9)
  }
}
