import Testing
import Tokenizers

@Suite struct NormalizationTests {
  /// A tokenizer of single words, whose only work is to normalize: it decodes to what it normalized.
  private static func normalize(_ text: String, _ normalizer: String) throws -> [Unicode.Scalar] {
    let json = """
      {"model": {"type": "BPE", "vocab": {\(bytes)}, "merges": [], "byte_fallback": true},
       "normalizer": \(normalizer), "decoder": {"type": "ByteFallback"}}
      """
    let tokenizer = try Tokenizer(tokenizerJSON: Array(json.utf8), config: nil)
    let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    return Array(tokenizer.decode(ids, skipSpecial: false).unicodeScalars)
  }

  private static let bytes = (0..<256).map { byte in
    let digits = String(byte, radix: 16, uppercase: true)
    return "\"<0x\(digits.count == 1 ? "0" : "")\(digits)>\": \(byte)"
  }.joined(separator: ", ")

  @Test(
    "The normalization forms are those of Unicode",
    arguments: [
      ("e\u{301}", "\u{E9}", "e\u{301}", "\u{E9}", "e\u{301}"),
      (
        "\u{1E9B}\u{323}", "\u{1E9B}\u{323}", "\u{17F}\u{323}\u{307}", "\u{1E69}", "s\u{323}\u{307}"
      ),
      (
        "a\u{301}\u{323}\u{302}", "\u{1EA1}\u{301}\u{302}", "a\u{323}\u{301}\u{302}",
        "\u{1EA1}\u{301}\u{302}", "a\u{323}\u{301}\u{302}"
      ),
      (
        "\u{1100}\u{1161}\u{11A8}", "\u{AC01}", "\u{1100}\u{1161}\u{11A8}", "\u{AC01}",
        "\u{1100}\u{1161}\u{11A8}"
      ),
      (
        "\u{AC00}\u{11A8}\u{1113}\u{116D}", "\u{AC01}\u{1113}\u{116D}",
        "\u{1100}\u{1161}\u{11A8}\u{1113}\u{116D}", "\u{AC01}\u{1113}\u{116D}",
        "\u{1100}\u{1161}\u{11A8}\u{1113}\u{116D}"
      ),
      (
        "\u{FB01}\u{BD}\u{3000}", "\u{FB01}\u{BD}\u{3000}", "\u{FB01}\u{BD}\u{3000}",
        "fi1\u{2044}2 ",
        "fi1\u{2044}2 "
      ),
      (
        "\u{958}\u{2126}", "\u{915}\u{93C}\u{3A9}", "\u{915}\u{93C}\u{3A9}",
        "\u{915}\u{93C}\u{3A9}",
        "\u{915}\u{93C}\u{3A9}"
      ),
      (
        "\u{9C7}\u{9BE}\u{304B}\u{3099}", "\u{9CB}\u{304C}", "\u{9C7}\u{9BE}\u{304B}\u{3099}",
        "\u{9CB}\u{304C}", "\u{9C7}\u{9BE}\u{304B}\u{3099}"
      ),
      // Of Unicode 13: the library knows Unicode 9.
      ("\u{11938}", "\u{11938}", "\u{11938}", "\u{11938}", "\u{11938}"),
    ] as [(String, String, String, String, String)])
  func forms(_ text: String, _ nfc: String, _ nfd: String, _ nfkc: String, _ nfkd: String) throws {
    for (form, expected) in [("NFC", nfc), ("NFD", nfd), ("NFKC", nfkc), ("NFKD", nfkd)] {
      let found = try Self.normalize(text, #"{"type": "\#(form)"}"#)
      #expect(found == Array(expected.unicodeScalars), "\(form)")
    }
  }

  @Test(
    "Normalizers change what they should",
    arguments: [
      (#"{"type": "Lowercase"}"#, "ÀSS\u{130}Σ", "àssi\u{307}σ"),
      (#"{"type": "StripAccents"}"#, "e\u{301}\u{E9}", "e\u{E9}"),
      (#"{"type": "Strip", "strip_left": true, "strip_right": false}"#, " \u{3000}a ", "a "),
      (#"{"type": "Strip", "strip_left": false, "strip_right": true}"#, " a\u{2028}\n", " a"),
      (#"{"type": "Nmt"}"#, "a\u{1}b\u{200B}c\u{FEFF}\td", "ab c  d"),
      (#"{"type": "Prepend", "prepend": "▁"}"#, "a", "▁a"),
      (#"{"type": "Replace", "pattern": {"String": "."}, "content": "xy"}"#, "a.b", "axyb"),
      (#"{"type": "Replace", "pattern": {"String": ""}, "content": "-"}"#, "ab", "-a-b-"),
      (#"{"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}"#, "a   b c", "a b c"),
      (#"{"type": "ByteLevel"}"#, "é ", "Ã©Ġ"),
      (
        #"{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}"#,
        "\u{0}É\t磨\u{AD}x", "e  磨 x"
      ),
      (
        #"{"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]}"#,
        "ÀÉ", "ae"
      ),
    ])
  func normalizers(_ normalizer: String, _ text: String, _ expected: String) throws {
    #expect(try Self.normalize(text, normalizer) == Array(expected.unicodeScalars))
  }

  @Test(
    "Megabytes of one thing are normalized, cut and encoded without quadratic work",
    .timeLimit(.minutes(1)),
    arguments: ["a", " ", "\u{301}", "\u{323}\u{301}", "가", "\u{1100}", "\n", "磨", "🙂"])
  func longTexts(_ unit: String) throws {
    let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
    for model in [
      #"{"type": "BPE", "unk_token": "u", "fuse_unk": false, "vocab": {"u": 0, "a": 1, "aa": 2, "▁": 3}, "merges": ["a a"]}"#,
      #"{"type": "WordPiece", "unk_token": "u", "continuing_subword_prefix": "@", "max_input_chars_per_word": 100000000, "vocab": {"u": 0, "a": 1, "@a": 2}}"#,
      #"{"type": "WordLevel", "unk_token": "u", "vocab": {"u": 0}}"#,
    ] {
      for normalizer in [
        #"{"type": "NFKC"}"#,
        #"{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}"#,
        #"{"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]}"#,
      ] {
        let json = #"{"model": \#(model), "normalizer": \#(normalizer)}"#
        let tokenizer = try Tokenizer(tokenizerJSON: Array(json.utf8), config: nil)
        _ = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
      }
    }
  }
}
