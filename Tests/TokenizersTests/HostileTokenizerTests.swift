import GGUF
import Testing
import Tokenizers

@Suite struct HostileTokenizerTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var change: @Sendable (inout GGUFMetadata) -> Void
    var error: TokenizerError
    var testDescription: String { name }
  }

  static let good = GGUFMetadata([
    ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string("gpt-2")),
    ("tokenizer.ggml.tokens", .array(.string(["a", "b", "ab"]))),
    ("tokenizer.ggml.token_type", .array(.int32([1, 1, 1]))),
    ("tokenizer.ggml.merges", .array(.string(["a b"]))),
  ])

  static let cases: [Case] = [
    .init(
      name: "no model", change: { $0["tokenizer.ggml.model"] = nil },
      error: .missing(key: "tokenizer.ggml.model")),
    .init(
      name: "model is a number", change: { $0["tokenizer.ggml.model"] = .uint32(1) },
      error: .wrongType(key: "tokenizer.ggml.model", expected: "a string")),
    .init(
      name: "other model", change: { $0["tokenizer.ggml.model"] = .string("rwkv") },
      error: .unsupported(key: "tokenizer.ggml.model", value: "rwkv")),
    .init(
      name: "unknown pre-tokenizer", change: { $0["tokenizer.ggml.pre"] = .string("x\u{1B}") },
      error: .unknownPreTokenizer(name: "x\u{1B}")),
    .init(
      name: "no tokens", change: { $0["tokenizer.ggml.tokens"] = nil },
      error: .missing(key: "tokenizer.ggml.tokens")),
    .init(
      name: "tokens are numbers", change: { $0["tokenizer.ggml.tokens"] = .array(.int32([1])) },
      error: .wrongType(key: "tokenizer.ggml.tokens", expected: "an array of strings")),
    .init(
      name: "too few types", change: { $0["tokenizer.ggml.token_type"] = .array(.int32([1])) },
      error: .countMismatch(key: "tokenizer.ggml.token_type", expected: 3, found: 1)),
    .init(
      name: "types are strings",
      change: { $0["tokenizer.ggml.token_type"] = .array(.string(["1", "1", "1"])) },
      error: .wrongType(key: "tokenizer.ggml.token_type", expected: "an array of integers")),
    .init(
      name: "duplicate token",
      change: { $0["tokenizer.ggml.tokens"] = .array(.string(["a", "b", "a"])) },
      error: .duplicateToken(text: "a", first: 0, second: 2)),
    .init(
      name: "no merges", change: { $0["tokenizer.ggml.merges"] = nil },
      error: .missing(key: "tokenizer.ggml.merges")),
  ]

  @Test("Bad metadata is an error that says what is wrong", arguments: cases)
  func metadata(_ bad: Case) throws {
    var metadata = Self.good
    bad.change(&metadata)
    #expect(throws: bad.error) { try Tokenizer(metadata: metadata) }
  }

  @Test("Merges of unknown texts and strange types are tolerated, as llama.cpp does")
  func tolerated() throws {
    var metadata = Self.good
    metadata["tokenizer.ggml.merges"] = .array(
      .string(["a b", "ab x", "x y", "", " ", "a", "a b", "ab "]))
    metadata["tokenizer.ggml.token_type"] = .array(.int32([-5, 99, 6]))
    metadata["tokenizer.ggml.bos_token_id"] = .int32(-1)
    metadata["tokenizer.ggml.add_bos_token"] = .bool(true)
    let tokenizer = try Tokenizer(metadata: metadata)
    #expect(tokenizer.encode("ab", addSpecial: true, parseSpecial: true) == [2])
    // The merged text "abx" is no token: its letters are looked up one by one, as llama.cpp does.
    #expect(tokenizer.encode("abx", addSpecial: false, parseSpecial: true) == [0, 1])
    #expect(tokenizer.encode("zzz", addSpecial: false, parseSpecial: true) == [])
    #expect(tokenizer.decode([-1, 0, 999], skipSpecial: false) == "a")
  }

  @Test("An empty token has a name of its own, and canonically equal tokens stay apart")
  func spelling() throws {
    var metadata = Self.good
    metadata["tokenizer.ggml.tokens"] = .array(.string(["", "\u{E9}", "e\u{301}"]))
    metadata["tokenizer.ggml.merges"] = .array(.string([]))
    let tokenizer = try Tokenizer(metadata: metadata)
    #expect(tokenizer.piece(0) == "[EMPTY_0]")
    #expect(tokenizer.vocabularyCount == 3)
    #expect(tokenizer.id(of: "e\u{301}") == 2)
  }

  static let badJSON: [String] = [
    "", "{", "[]", "null", #"{"model": 5}"#, #"{"model": {"type": "WordPiece"}}"#,
    #"{"model": {"vocab": [], "merges": []}}"#, #"{"model": {"vocab": {"a": "x"}, "merges": []}}"#,
    #"{"model": {"vocab": {"a": -1}, "merges": []}}"#,
    #"{"model": {"vocab": {"a": 4000000000}, "merges": []}}"#,
    #"{"model": {"vocab": {"a": 0, "b": 0}, "merges": []}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": ["a b"]}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": ["a"]}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": [[1, 2]]}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "Metaspace"}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "(a"}}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "Split", "behavior": "Odd", "pattern": {"Regex": "a"}}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "normalizer": {"type": "Odd"}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "decoder": {"type": "WordPiece"}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": [], "dropout": 0.1}}"#,
    #"{"version": "2.0", "model": {"vocab": {"a": 0}, "merges": []}}"#,
    #"{"model": {"type": "Odd", "vocab": {"a": 0}}}"#,
    #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}}"#,
    #"{"model": {"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "a", "continuing_subword_prefix": "", "max_input_chars_per_word": -1}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "FixedLength", "length": 0}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "Metaspace", "replacement": "ab"}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "odd"}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "Sequence"}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "decoder": {"type": "Strip", "content": " ", "start": -1, "stop": 0}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "post_processor": {"type": "Odd"}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "post_processor": {"type": "BertProcessing", "sep": ["a", -1], "cls": ["a", 0]}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "special_tokens": {}}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}], "special_tokens": {}}}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "added_tokens": [{"id": -1, "content": "x"}]}"#,
    #"{"model": {"vocab": {"a": 0}, "merges": []}, "added_tokens": [{"content": "x"}]}"#,
  ]

  @Test("A bad tokenizer.json is an error", arguments: badJSON)
  func json(_ text: String) throws {
    #expect(throws: TokenizerError.self) {
      try Tokenizer(tokenizerJSON: Array(text.utf8), config: nil)
    }
  }

  @Test("A tokenizer.json cut short anywhere is an error")
  func truncated() throws {
    let whole = try #require(GoldenVocabulary.all.first).json
    for count in stride(from: 0, to: whole.count - 2, by: 97) {
      #expect(throws: TokenizerError.self) {
        try Tokenizer(tokenizerJSON: Array(whole[..<count]), config: nil)
      }
    }
  }
}
