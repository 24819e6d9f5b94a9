import Testing
import Tokenizers

@Suite struct PatternTests {
  static func pieces(_ pattern: String, _ text: String) throws -> [String] {
    var splitter = WordSplitter(try PreTokenizer(isolating: [pattern]))
    var pieces: [String] = []
    var text = text
    text.withUTF8 { splitter.split($0) { pieces.append(String(decoding: $0, as: UTF8.self)) } }
    return pieces
  }

  @Test(
    "Patterns cut text as Oniguruma does",
    arguments: [
      (#"\p{L}+"#, "ab1é2", ["ab", "1", "é", "2"]),
      (#"[^\s\p{L}]+|\s"#, "a 1!", ["a", " ", "1!"]),
      (#"\p{N}{1,3}"#, "1234567", ["123", "456", "7"]),
      (#"\p{N}{2}"#, "12345", ["12", "34", "5"]),
      (#"\s+(?!\S)|\s+"#, "a   b", ["a", "  ", " ", "b"]),
      (#"\s+$"#, "a b  ", ["a b", "  "]),
      (#"^a"#, "aaa", ["a", "aa"]),
      (#"(?i:'s|'ll)"#, "x'S'LL'ſ", ["x", "'S", "'LL", "'ſ"]),
      (#"(?i)straSSe|b"#, "STRASSEB", ["STRASSE", "B"]),
      (#"a(?i:b)c"#, "aBcaBC", ["aBc", "aBC"]),
      (#"[a-c\-x]+"#, "ab-x_y", ["ab-x", "_y"]),
      (#"[]a]+"#, "]a]b", ["]a]", "b"]),
      (#"[\w-]+"#, "a-b c", ["a-b", " ", "c"]),
      (#"a?+ab|ab"#, "ab", ["ab"]),
      (#"(?:ab)+c"#, "ababcab", ["ababc", "ab"]),
      (#"a.*?c"#, "abcabc", ["abc", "abc"]),
      (#"(?>a+)ab|x"#, "aaabx", ["aaab", "x"]),
      (#"(?<=a)b"#, "abb", ["a", "b", "b"]),
      (#"(?<!a)b"#, "abb", ["ab", "b"]),
      (#"\bfoo\b"#, "foo foofoo", ["foo", " foofoo"]),
      (#"(a|b|cd){2,}"#, "abcdxa", ["abcd", "xa"]),
      (#"\x41\u0042\x{43}"#, "ABC", ["ABC"]),
      (#"\P{L}+"#, "a12b", ["a", "12", "b"]),
      (#"\d{1,3}(?=(?:\d{3})*\b)"#, "1234567", ["1", "234", "567"]),
      (#"[^\S\n]+"#, "a \t\nb", ["a", " \t", "\nb"]),
      ("[!-/！-／]+", "a!／b", ["a", "!／", "b"]),
      (#"(?<=ab|c)d"#, "abdcdd", ["ab", "d", "c", "d", "d"]),
      (#"(?<!ab)d"#, "abdd", ["abd", "d"]),
      (#"(?<=[a-z])(?=[A-Z])"#, "camelCaseText", ["camel", "Case", "Text"]),
      (#"(?=\d)"#, "a12", ["a", "1", "2"]),
      (#"a*"#, "baab", ["b", "aa", "b"]),
      (#"(?:a*b?)*c"#, "aabaacx", ["aabaac", "x"]),
      (#"[a-z&&[^aeiou]]+"#, "stone", ["st", "o", "n", "e"]),
      (#"[[:alpha:]]+|[[:^alpha:]]"#, "ab1é", ["ab", "1", "é"]),
      (#"[[a-c]x]+"#, "abxd", ["abx", "d"]),
      (#"[\p{Han}\p{Hiragana}]+"#, "ab漢字かな", ["ab", "漢字かな"]),
      (#"\p{^Lu}+"#, "abC", ["ab", "C"]),
      (#"(?<word>[a-z]+)\d"#, "ab1", ["ab1"]),
      (#"(?m).+"#, "a\nb", ["a\nb"]),
      (#"(?x) a b # words\n | c"#, "abc", ["ab", "c"]),
      (#"(?#note)a"#, "ab", ["a", "b"]),
      (#"a(?i)b|c"#, "aBaC", ["aB", "aC"]),
      (#"a{2}?b"#, "aabb", ["aab", "b"]),
      (#"\R"#, "a\r\nb\nc", ["a", "\r\n", "b", "\n", "c"]),
      (#"\h+"#, "xa9g", ["x", "a9", "g"]),
      (#"\Aa|a\z"#, "aba", ["a", "b", "a"]),
      (#"[^\P{L}a-e]+"#, "abxyz1", ["ab", "xyz", "1"]),
      (#"(?i)[^k]"#, "kKx", ["kK", "x"]),
      (#"\w+"#, "a²b_", ["a²b_"]),
      (#"[\w]+|[^\w\s]+"#, "a².b", ["a", "².", "b"]),
    ] as [(String, String, [String])])
  func split(_ pattern: String, _ text: String, _ expected: [String]) throws {
    #expect(try Self.pieces(pattern, text) == expected)
  }

  @Test(
    "A pattern outside the syntax is refused",
    arguments: [
      "(", "a)", "[a", "*a", #"\1"#, #"\k<a>"#, "a{5000}", #"\p{Klingon}"#, "a{3,1}", #"\"#,
      "[z-a]", "(?<>a)", "(?s)a", "[[:odd:]]", "[a&&", #"\x{110000}"#, #"\K"#, #"\X"#,
    ])
  func refused(_ pattern: String) throws {
    #expect(throws: TokenizerError.self) { try PreTokenizer(isolating: [pattern]) }
  }

  @Test("Deeply nested and huge patterns are refused")
  func large() throws {
    let deep = String(repeating: "(", count: 5000) + "a" + String(repeating: ")", count: 5000)
    #expect(throws: TokenizerError.self) { try PreTokenizer(isolating: [deep]) }
    #expect(throws: TokenizerError.self) {
      try PreTokenizer(isolating: ["(((a{500}b){500}c){500}d){500}"])
    }
  }

  @Test(
    "Backtracking without end is cut off, and nothing of the text is lost", .timeLimit(.minutes(1)),
    arguments: ["(a+)+b", "(?:a|a)+c", "(a?){30}a{30}d", #"(\p{L}+\s*)+!"#, "(?!(a+)+b)x"])
  func bounded(_ pattern: String) throws {
    let text = String(repeating: "a", count: 20_000)
    #expect(try Self.pieces(pattern, text).joined() == text)
  }

  @Test(
    "What becomes of the matches follows the behavior",
    arguments: [
      (.removed, ["ab", "c"]), (.isolated, ["ab", "-", "-", "c"]),
      (.contiguous, ["ab", "--", "c"]),
      (.mergedWithPrevious, ["ab-", "-", "c"]), (.mergedWithNext, ["ab", "-", "-c"]),
    ] as [(PreTokenizer.Behavior, [String])])
  func behaviors(_ behavior: PreTokenizer.Behavior, _ expected: [String]) throws {
    let stage = PreTokenizer.Stage.split(try PreTokenizer.compile("-"), behavior, inverted: false)
    var splitter = WordSplitter(PreTokenizer(stages: [stage]))
    var pieces: [String] = []
    var text = "ab--c"
    text.withUTF8 { splitter.split($0) { pieces.append(String(decoding: $0, as: UTF8.self)) } }
    #expect(pieces == expected)
  }

  @Test("Composition is form NFC, Hangul and stacked marks as well")
  func composition() {
    let normalizer = Normalizer.composed
    for (text, expected) in [
      ("e\u{301}", "\u{E9}"), ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"),
      ("\u{AC00}\u{11A8}", "\u{AC01}"),
      ("\u{1113}\u{116D}", "\u{1113}\u{116D}"), ("a\u{323}\u{302}", "\u{1EAD}"),
      ("\u{2126}", "\u{3A9}"),
      ("か\u{3099}", "が"), ("plain", "plain"), ("\u{AC01}\u{11A8}", "\u{AC01}\u{11A8}"),
    ] {
      #expect(Array(normalizer.normalize(text).unicodeScalars) == Array(expected.unicodeScalars))
    }
  }
}
