import Testing
import Tokenizers

@Suite struct AddedTokenTests {
  private static func tokenizer(_ added: String, normalizer: String = "null") throws -> Tokenizer {
    let letters = "abcdefghijklmnopqrstuvwxyz ▁".map(String.init)
    let vocabulary = letters.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
    let json = """
      {"model": {"type": "BPE", "vocab": {\(vocabulary)}, "merges": []}, "normalizer": \(normalizer),
       "added_tokens": [\(added)], "decoder": {"type": "Fuse"}}
      """
    return try Tokenizer(tokenizerJSON: Array(json.utf8), config: nil)
  }

  private static func token(_ content: String, _ flags: String = "") -> String {
    #"{"id": 28, "content": "\#(content)", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": false\#(flags)}"#
  }

  @Test(
    "An added token is found as its flags say",
    arguments: [
      ("", "a<x>b", ["a", "<x>", "b"]),
      (#", "lstrip": true"#, "a  <x> b", ["a", "<x>", " ", "b"]),
      (#", "rstrip": true"#, "a <x>  b", ["a", " ", "<x>", "b"]),
      (#", "lstrip": true, "rstrip": true"#, "  <x>  ", ["<x>"]),
    ] as [(String, String, [String])])
  func flags(_ flags: String, _ text: String, _ expected: [String]) throws {
    let tokenizer = try Self.tokenizer(Self.token("<x>", flags))
    let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
    #expect(ids.map(tokenizer.piece) == expected)
  }

  @Test("A token of a single word is not found inside another")
  func singleWord() throws {
    let tokenizer = try Self.tokenizer(Self.token("mill", #", "single_word": true"#))
    for (text, isFound) in [("a mill", true), ("amill", false), ("mills", false), ("mill", true)] {
      let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
      #expect(ids.contains(28) == isFound, "\(text)")
    }
  }

  @Test("A normalized token is found in normalized text, and decoded as that spells it")
  func normalized() throws {
    let tokenizer = try Self.tokenizer(
      Self.token("Mill", #", "normalized": true, "special": true"#),
      normalizer: #"{"type": "Lowercase"}"#)
    #expect(tokenizer.encode("MILL", addSpecial: false, parseSpecial: true) == [28])
    #expect(tokenizer.decode([28], skipSpecial: true) == "mill")
    #expect(tokenizer.bytes(of: 28) == Array("mill".utf8))
  }

  @Test("Added tokens that the model lacks are numbered from its count on, as the library does")
  func numbers() throws {
    let first = Self.token("<x>")
    let second = Self.token("<y>").replacing("28", with: "99")
    let known = Self.token("a").replacing("28", with: "7")
    let tokenizer = try Self.tokenizer([first, second, known].joined(separator: ", "))
    #expect(tokenizer.id(of: "<x>") == 28 && tokenizer.id(of: "<y>") == 29)
    #expect(tokenizer.id(of: "a") == 0)
    #expect(tokenizer.vocabularyCount == 30)
  }
}
