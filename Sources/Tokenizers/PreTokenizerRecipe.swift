/// What a name in `tokenizer.ggml.pre` stands for.
///
/// A GGUF file holds only the name; the patterns are those of the `tokenizer.json` that the name was given to.
///
/// - Source: llama.cpp `src/llama-vocab.cpp`, `llm_tokenizer_bpe` and `llama_vocab::impl::load`; normalizers from the
///   published `tokenizer.json` files.
struct PreTokenizerRecipe: Sendable {
  /// How words become the texts that merge.
  enum Alphabet: Sendable {
    case bytes
    /// Text as it is, U+2581 for a space, with tokens for bytes; what follows a space is cut from it.
    case spacedText
    /// Text as it is.
    case text
  }

  /// Each isolates its matches in what the ones before left.
  var patterns: [String]
  /// The same, over text that is already spelled in the ``ByteAlphabet``: a pattern may cut characters.
  var spelledPatterns: [String] = []
  var normalizer = Normalizer.none
  var ignoresMerges = false
  var addsBOS = false
  var alphabet = Alphabet.bytes

  static func named(_ name: String) -> PreTokenizerRecipe? { byName[name] }

  /// The model for the words that the patterns cut.
  func model(_ pairs: BytePairModel) throws(TokenizerError) -> any SubwordModel {
    guard !spelledPatterns.isEmpty else { return pairs }
    return SpelledPieces(base: pairs, preTokenizer: try PreTokenizer(isolating: spelledPatterns))
  }

  private typealias P = PublishedPattern

  /// A tokenizer that is to be given a name gets the first that fits.
  static let table: [(names: [String], recipe: PreTokenizerRecipe)] =
    gpt2Like + llama3Like + qwenLike + withDigitsFirst + casedWords + others

  private static let gpt2Like: [(names: [String], recipe: PreTokenizerRecipe)] = [
    (
      [
        "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "gigachat", "a.x-4.0",
        "mellum", "exaone4", "jais", "trillion", "granite-docling", "roberta-bpe", "jina-v1-en",
        "jina-v2-code",
      ],
      .init(patterns: [P.gpt2])
    ),
    (["mpt", "olmo", "modern-bert"], .init(patterns: [P.gpt2], normalizer: .composed)),
    (
      ["smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2"],
      .init(patterns: [P.digit, P.gpt2])
    ),
    (["command-r"], .init(patterns: [P.digit, P.gpt2], normalizer: .composed)),
    (
      ["falcon"],
      .init(patterns: [P.punctuation, P.gpt2], spelledPatterns: [P.digits, P.threeDigits])
    ),
    (
      ["default"],
      .init(patterns: [P.punctuationWithoutBacktick, P.gpt2, P.digits, P.threeDigits])
    ),
    (
      ["chameleon"],
      .init(patterns: [
        "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", #"([\t\n]|    |  )"#, P.digit,
        P.onePunctuation, P.gpt2,
      ])
    ),
  ]

  private static let llama3Like: [(names: [String], recipe: PreTokenizerRecipe)] = [
    (
      [
        "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
        "jina-v5-nano",
      ],
      .init(patterns: [P.llama3], ignoresMerges: true, addsBOS: true)
    ),
    (["dbrx", "smaug-bpe", "chatglm-bpe"], .init(patterns: [P.llama3])),
    (["glm4", "glm5"], .init(patterns: [P.llama3], ignoresMerges: true)),
    (["jais-2"], .init(patterns: [P.jais2])),
    (["minicpm5"], .init(patterns: [P.upToThreeDigits, P.miniCPM5], ignoresMerges: true)),
  ]

  private static let qwenLike: [(names: [String], recipe: PreTokenizerRecipe)] = [
    (["qwen2", "f2llmv2"], .init(patterns: [P.qwen2], normalizer: .composed)),
    (
      [
        "deepseek-r1-qwen", "megrez", "stablelm2", "kormo", "hunyuan", "solar-open", "grok-2",
      ],
      .init(patterns: [P.qwen2])
    ),
    (["qwen35"], .init(patterns: [P.qwen35])),
    (["laguna"], .init(patterns: [P.linesAndEnds, P.qwen2])),
    (["bailingmoe", "bailingmoe2", "llada-moe"], .init(patterns: [P.bailing])),
    (["seed-coder"], .init(patterns: [P.seedCoder])),
    (["exaone-moe"], .init(patterns: [P.exaoneMoE])),
    (["ufakzeka"], .init(patterns: [P.ufakzeka])),
  ]

  private static let withDigitsFirst: [(names: [String], recipe: PreTokenizerRecipe)] = [
    (
      ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
      .init(patterns: [P.upToThreeDigits, P.hanAndKana, P.deepSeek3])
    ),
    (["spark2_5"], .init(patterns: [P.upToThreeDigits, P.hanAndKana, P.spark, P.digit])),
    (["afmoe"], .init(patterns: [P.groupedNumbers, P.asianScripts, P.deepSeek3])),
    (["tiny_aya", "cohere2moe"], .init(patterns: [P.groupedDigits, P.gpt4o])),
    (["superbpe"], .init(patterns: [P.digits, P.betweenThrees])),
  ]

  private static let casedWords: [(names: [String], recipe: PreTokenizerRecipe)] = [
    (["gpt-4o", "llama4", "kanana2", "talkie"], .init(patterns: [P.gpt4o])),
    (["minimax-m2"], .init(patterns: [P.gpt4o], normalizer: .composed)),
    (["granite-embed-multi-97m"], .init(patterns: [P.gpt4o], ignoresMerges: true)),
    (["tekken"], .init(patterns: [P.tekken], ignoresMerges: true, addsBOS: true)),
    (["kimi-k2"], .init(patterns: [P.kimi])),
    (["youtu"], .init(patterns: [P.youtuScripts, P.youtu], ignoresMerges: true)),
  ]

  private static let others: [(names: [String], recipe: PreTokenizerRecipe)] = [
    (
      ["deepseek-llm"],
      .init(patterns: [
        P.lineEnd, P.deepSeekLetters, P.deepSeekPunctuation, #"\s+$"#, P.deepSeekAsian, P.digit,
      ])
    ),
    (
      ["deepseek-coder"],
      .init(patterns: [P.lineEnd, #"\s?\p{L}+"#, #"\s?\p{P}+"#, P.deepSeekAsian, P.digit])
    ),
    (["bloom", "poro-chat", "gpt3-finnish"], .init(patterns: [P.bloom])),
    (["viking"], .init(patterns: [P.bloom, P.digit])),
    (
      ["gemma4", "granite-embed-multi-311m"],
      .init(patterns: [], addsBOS: true, alphabet: .spacedText)
    ),
    (["sarvam-moe"], .init(patterns: [], alphabet: .spacedText)),
    (["whitespace"], .init(patterns: [#"\S+"#], alphabet: .text)),
  ]

  private static let byName: [String: PreTokenizerRecipe] = Dictionary(
    uniqueKeysWithValues: table.flatMap { row in row.names.map { ($0, row.recipe) } })
}
