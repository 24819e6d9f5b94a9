import Foundation
import Testing
import Tokenizers

/// The ranks of a tiny vocabulary, and what the `tiktoken` library makes of texts with them.
private enum Ranks {
  static func file() throws -> [UInt8] {
    try TokenizerFixtures.bytes("../checkpoints/tiny-qwen/qwen.tiktoken")
  }

  /// Every byte by itself, in the order of their numbers.
  static let bytes = (UInt8.min...UInt8.max).map { byte in
    "\(Data([byte]).base64EncodedString()) \(byte)\n"
  }.joined()

  static func tokenizer(_ lines: String, pattern: String = #"\S+|\s+"#) throws -> Tokenizer {
    try Tokenizer(
      tiktoken: Array((bytes + lines).utf8), encoding: TiktokenEncoding(pattern: pattern))
  }
}

@Suite struct TiktokenTests {
  @Test(
    "Texts have the ids that tiktoken gives them",
    arguments: ["r50k_base", "cl100k_base", "o200k_base", "llama3", "qwen"])
  func golden(_ name: String) throws {
    let texts = try #require(
      try JSONValue(parsing: TokenizerFixtures.bytes("golden.json"))["texts"]?.array)
    let encodings = try JSONValue(parsing: TokenizerFixtures.bytes("tiktoken.json"))["encodings"]
    let rows = try #require(encodings?.array?.first { $0["name"]?.string == name }?["rows"]?.array)
    let encoding = try #require(TiktokenEncoding.named(name))
    let tokenizer = try Tokenizer(tiktoken: Ranks.file(), encoding: encoding)
    #expect(texts.count == rows.count && rows.count > 80)
    for (text, row) in zip(texts.compactMap(\.string), rows) {
      let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
      #expect(ids.map(Int.init) == row.array?.compactMap(\.integer), "\(text.debugDescription)")
      // Qwen composes its texts.
      if name != "qwen" { #expect(tokenizer.decode(ids, skipSpecial: false) == text) }
    }
  }

  @Test("A pair merges by the rank of what it makes, whatever its halves are")
  func ranksNotPairs() throws {
    // "abc" is made of "a" and "bc" here; a list of merges made from the ranks knows "ab" and "c" only.
    let tokenizer = try Ranks.tokenizer("YmM= 256\nYWJj 257\nYWI= 258\n")
    #expect(tokenizer.encode("xabcx", addSpecial: false, parseSpecial: false) == [120, 257, 120])
    #expect(tokenizer.encode("xabx", addSpecial: false, parseSpecial: false) == [120, 258, 120])
  }

  @Test("A word that is a token is taken whole, though no merges make it")
  func wholeWords() throws {
    let tokenizer = try Ranks.tokenizer("YWJjZA== 300\n")
    #expect(tokenizer.encode("abcd", addSpecial: false, parseSpecial: false) == [300])
    #expect(
      tokenizer.encode("xabcd", addSpecial: false, parseSpecial: false) == [120, 97, 98, 99, 100])
    #expect(tokenizer.vocabularyCount == 301)
    #expect(tokenizer.decode([299, 300], skipSpecial: false) == "abcd")
  }

  @Test(
    "Special tokens follow the ranks, as far as there are rows, and are read only when asked for")
  func specialTokens() throws {
    let qwen = try #require(TiktokenEncoding.named("qwen"))
    let tokenizer = try Tokenizer(tiktoken: Ranks.file(), encoding: qwen)
    #expect(tokenizer.id(of: "<|endoftext|>") == 320)
    #expect(tokenizer.id(of: "<|extra_204|>") == 527)
    #expect(tokenizer.vocabularyCount == 528)
    #expect(tokenizer.endOfGenerationIDs == [320, 322])
    #expect(tokenizer.encode("<|im_end|>", addSpecial: true, parseSpecial: true) == [322])
    #expect(tokenizer.encode("<|im_end|>", addSpecial: true, parseSpecial: false).count > 3)
    let short = try Tokenizer(tiktoken: Ranks.file(), encoding: qwen, rowCount: 324)
    #expect(short.id(of: "<|extra_0|>") == 323)
    #expect(short.id(of: "<|extra_1|>") == nil)
  }

  @Test("Ids that an encoding places are not given to a file of other tokens")
  func placedTokens() throws {
    let encoding = try #require(TiktokenEncoding.named("cl100k_base"))
    let tokenizer = try Tokenizer(tiktoken: Ranks.file(), encoding: encoding)
    #expect(tokenizer.vocabularyCount == 320)
    #expect(tokenizer.id(of: "<|endoftext|>") == nil)
  }

  @Test("Lines may end as on any system, and empty ones count for nothing")
  func lineEnds() throws {
    let plain = try Tokenizer(
      tiktoken: Array((Ranks.bytes + "YWI= 256").utf8), encoding: TiktokenEncoding(pattern: "ab"))
    let other = (Ranks.bytes + "\n\nYWI=\t 256\n").replacing("\n", with: "\r\n")
    let same = try Tokenizer(
      tiktoken: Array(other.utf8), encoding: TiktokenEncoding(pattern: "ab"))
    #expect(plain.encode("ab", addSpecial: false, parseSpecial: false) == [256])
    #expect(same.encode("ab", addSpecial: false, parseSpecial: false) == [256])
  }

  @Test(
    "What is no list of ranks is an error that names the line",
    arguments: [
      ("YWI=", TokenizerError.malformedRank(line: 257, expected: "a token in base64 and its rank")),
      ("YWI= 1 2", .malformedRank(line: 257, expected: "a token in base64 and its rank")),
      ("\nYW#= 256", .malformedRank(line: 258, expected: "a token in base64")),
      ("YWI 256", .malformedRank(line: 257, expected: "a token in base64")),
      ("YWJ= 256", .malformedRank(line: 257, expected: "a token in base64")),
      ("==== 256", .malformedRank(line: 257, expected: "a token in base64")),
      ("YWI= -1", .malformedRank(line: 257, expected: "a rank from 0 to 4194303")),
      ("YWI= 4194304", .malformedRank(line: 257, expected: "a rank from 0 to 4194303")),
      (
        "YWI= 99999999999999999999",
        .malformedRank(line: 257, expected: "a rank from 0 to 4194303")
      ),
      ("YWI= 255", .duplicateRank(255, line: 257)),
      ("YQ== 256", .duplicateToken(text: "a", first: 97, second: 256)),
    ])
  func malformed(line: String, error: TokenizerError) {
    #expect(throws: error) { try Ranks.tokenizer(line) }
  }

  @Test("Ranks that lack a byte are refused, as some text would have no tokens")
  func missingByte() {
    let lines = Ranks.bytes.split(separator: "\n").filter { !$0.hasSuffix(" 65") }
    #expect(throws: TokenizerError.missingByte(65)) {
      try Tokenizer(
        tiktoken: Array(lines.joined(separator: "\n").utf8),
        encoding: TiktokenEncoding(pattern: "a"))
    }
  }

  @Test("A pattern that cannot be read is an error")
  func badPattern() {
    #expect(throws: TokenizerError.self) { try Ranks.tokenizer("", pattern: "(a") }
  }
}

@Suite struct TiktokenMergeTests {
  @Test("The merges of ranks are those that make each token of two, and write the same ranks again")
  func merges() throws {
    let ranks = try TiktokenRanks(parsing: Ranks.file())
    let (list, unmade) = ranks.merges()
    #expect(list.count == 64 && unmade.isEmpty)
    #expect(list.first == "Ġ Ġ")
    let texts = (0..<ranks.count).compactMap(ranks.text)
    let (bytes, _) = try #require(TiktokenRanks.file(of: texts, merges: list))
    #expect(try bytes == Ranks.file())
    #expect(TiktokenRanks.file(of: texts, merges: list.reversed()) == nil)
    #expect(TiktokenRanks.file(of: texts.map { $0 + "中" }, merges: list) == nil)
  }

  @Test("A token that no two others make has no merge")
  func unmade() throws {
    let lines = Ranks.bytes + "YWI= 256\nYWJjZA== 257\nYWJj 258\n"
    let (list, unmade) = try TiktokenRanks(parsing: Array(lines.utf8)).merges()
    #expect(list == ["a b", "ab c"])
    #expect(unmade == [257])
  }
}
