/// What tiktoken's files do not say: how text is cut into words, and which tokens are not text.
///
/// - Source: `tiktoken_ext/openai_public.py` of the `tiktoken` library, 0.14; the tokenizers that Qwen
///   (arXiv 2309.16609) and Llama 3 (arXiv 2407.21783) were published with.
public struct TiktokenEncoding: Sendable {
  enum Special: Sendable {
    case none
    /// The ids from the first one that no rank takes.
    case following([String])
    /// Their own ids, in a file with so many tokens.
    case placed([(id: Int, text: String)], tokenCount: Int)
  }

  /// `cl100k_base`, `qwen`.
  public let name: String
  package let pattern: String
  var normalizer = Normalizer.none
  var special = Special.none
  /// The token that begins a text.
  var begin: String?
  var end: String? = "<|endoftext|>"
  /// Whether ``begin`` is put before every text.
  var addsBegin = false

  /// Cuts text by a regular expression and has no tokens but those of its file.
  public init(pattern: String) {
    self.init(name: "pattern", pattern: pattern, end: nil)
  }

  private init(
    name: String, pattern: String, normalizer: Normalizer = .none, special: Special = .none,
    begin: String? = nil, end: String? = "<|endoftext|>", addsBegin: Bool = false
  ) {
    self.name = name
    self.pattern = pattern
    self.normalizer = normalizer
    self.special = special
    self.begin = begin
    self.end = end
    self.addsBegin = addsBegin
  }

  package var composes: Bool { normalizer.composes }
  package var endText: String? { end }

  /// What `tokenizer.ggml.pre` calls this way to cut text; `nil` where no name stands for it.
  package var preTokenizer: String? {
    PreTokenizerName.find(patterns: [pattern], composes: composes, ignoresMerges: false)
  }

  /// The encoding of a name, which is also that of its file: `o200k_base.tiktoken`.
  public static func named(_ name: String) -> TiktokenEncoding? {
    name == "gpt2" ? named("r50k_base") : all.first { $0.name == name }
  }

  /// The names of ``named(_:)``, beside `gpt2`, which is `r50k_base`.
  public static let names = all.map(\.name)

  private static let all = [cl100k, o200k, harmony, p50k, p50kEdit, r50k, qwen, llama3]

  // MARK: Encodings

  // Rust's `$` is the end of the text; here it would be the end of a line.
  private static let gpt2Pattern =
    #"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++\z|\s+(?!\S)|\s"#
  private static let gpt4Pattern =
    #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"#
    + #"|\s++\z|\s*[\r\n]|\s+(?!\S)|\s"#
  private static let gpt4oPattern = [
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#,
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#,
    #"\p{N}{1,3}"#, #" ?[^\s\p{L}\p{N}]+[\r\n/]*"#, #"\s*[\r\n]+"#, #"\s+(?!\S)"#, #"\s+"#,
  ].joined(separator: "|")

  private static let r50k = TiktokenEncoding(
    name: "r50k_base", pattern: gpt2Pattern,
    special: .placed([(50_256, "<|endoftext|>")], tokenCount: 50_256))
  private static let p50k = TiktokenEncoding(
    name: "p50k_base", pattern: gpt2Pattern,
    special: .placed([(50_256, "<|endoftext|>")], tokenCount: 50_280))
  private static let p50kEdit = TiktokenEncoding(
    name: "p50k_edit", pattern: gpt2Pattern,
    special: .placed(
      [
        (50_256, "<|endoftext|>"), (50_281, "<|fim_prefix|>"), (50_282, "<|fim_middle|>"),
        (50_283, "<|fim_suffix|>"),
      ], tokenCount: 50_280))
  private static let cl100k = TiktokenEncoding(
    name: "cl100k_base", pattern: gpt4Pattern,
    special: .placed(
      [
        (100_257, "<|endoftext|>"), (100_258, "<|fim_prefix|>"), (100_259, "<|fim_middle|>"),
        (100_260, "<|fim_suffix|>"), (100_276, "<|endofprompt|>"),
      ], tokenCount: 100_256))
  private static let o200k = TiktokenEncoding(
    name: "o200k_base", pattern: gpt4oPattern,
    special: .placed(
      [(199_999, "<|endoftext|>"), (200_018, "<|endofprompt|>")], tokenCount: 199_998))
  private static let harmony = TiktokenEncoding(
    name: "o200k_harmony", pattern: gpt4oPattern,
    special: .placed(harmonyTokens, tokenCount: 199_998), begin: "<|startoftext|>",
    end: "<|return|>")

  private static let harmonyTokens: [(id: Int, text: String)] = {
    let named = [
      199_998: "<|startoftext|>", 199_999: "<|endoftext|>", 200_002: "<|return|>",
      200_003: "<|constrain|>", 200_005: "<|channel|>", 200_006: "<|start|>", 200_007: "<|end|>",
      200_008: "<|message|>", 200_012: "<|call|>",
      // tiktoken has this second name, of `o200k_base`, for <|reserved_200018|>.
      200_018: "<|endofprompt|>",
    ]
    return (199_998...201_087).map { ($0, named[$0] ?? "<|reserved_\($0)|>") }
  }()

  /// The original Qwen.
  package static let qwen = TiktokenEncoding(
    name: "qwen",
    pattern:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    normalizer: .composed,
    special: .following(
      ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + (0..<205).map { "<|extra_\($0)|>" }),
    begin: "<|endoftext|>")

  private static let llama3 = TiktokenEncoding(
    name: "llama3",
    pattern:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    special: .following(llama3Tokens), begin: "<|begin_of_text|>", end: "<|end_of_text|>",
    addsBegin: true)

  /// Of Llama 3.1; Llama 3 has reserved ones where 3.1 has given names, and the same numbers for the others.
  private static let llama3Tokens: [String] = {
    func reserved(_ numbers: Range<Int>) -> [String] {
      numbers.map { "<|reserved_special_token_\($0)|>" }
    }
    return ["<|begin_of_text|>", "<|end_of_text|>"] + reserved(0..<2)
      + ["<|finetune_right_pad_id|>"] + reserved(2..<3)
      + ["<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>"]
      + reserved(3..<248)
  }()
}
