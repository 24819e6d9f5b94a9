import GGUF
import Testing
import Tokenizers

@Suite struct PreTokenizerNameTests {
  /// Those of llama.cpp, `src/llama-vocab.cpp` (llama-cpp-python 0.3.36).
  static let names = """
    default minicpm5 llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano deepseek-llm
    deepseek-coder deepseek-v3 spark2_5 youtu falcon mpt starcoder gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es
    jina-v2-de a.x-4.0 mellum modern-bert jais-2 gemma4 granite-embed-multi-311m sarvam-moe jina-v1-en jina-v2-code
    roberta-bpe whitespace refact command-r qwen2 deepseek-r1-qwen kormo f2llmv2 qwen35 stablelm2 olmo dbrx smaug-bpe
    poro-chat chatglm-bpe glm4 glm5 viking jais tekken smollm codeshell bloom gpt3-finnish exaone exaone4 exaone-moe
    chameleon minerva-7b megrez gpt-4o llama4 kanana2 talkie granite-embed-multi-97m tiny_aya cohere2moe superbpe
    trillion granite-docling bailingmoe bailingmoe2 llada-moe seed-coder hunyuan hunyuan-dense hy_v4 joyai-llm kimi-k2
    ufakzeka grok-2 afmoe laguna minimax-m2 solar-open mellum2
    """.split { $0.isWhitespace }.map(String.init)

  @Test("Every name that llama.cpp knows stands for patterns that can be read", arguments: names)
  func known(_ name: String) throws {
    let meaning = try #require(PreTokenizerName.meaning(of: name))
    _ = try PreTokenizer(isolating: meaning.patterns + meaning.spelledPatterns)
  }

  static let qwen2 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let llama3 = qwen2.replacing(#"\p{N}|"#, with: #"\p{N}{1,3}|"#)

  struct Named: Sendable {
    var patterns: [String]
    var composes = false
    var ignoresMerges = false
    var name: String?
  }

  @Test(
    "A name is found by patterns first, then by the normalizer, then by what becomes of whole words",
    arguments: [
      Named(patterns: [llama3], ignoresMerges: true, name: "llama-bpe"),
      Named(patterns: [llama3], name: "dbrx"),
      Named(patterns: [qwen2], composes: true, name: "qwen2"),
      Named(patterns: [qwen2], name: "deepseek-r1-qwen"),
      Named(patterns: [#"\p{N}"#, PreTokenizerName.gpt2Pattern], name: "smollm"),
      Named(
        patterns: [#"\p{N}"#, PreTokenizerName.gpt2Pattern], composes: true, name: "command-r"),
      Named(patterns: [PreTokenizerName.gpt2Pattern], name: "gpt-2"),
      Named(patterns: [PreTokenizerName.gpt2Pattern], composes: true, name: "mpt"),
      Named(
        patterns: [
          #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#
        ], name: "dbrx"),
      Named(
        patterns: [
          PreTokenizerName.punctuationPattern, PreTokenizerName.gpt2Pattern, #"\p{N}+"#,
          "[0-9][0-9][0-9]",
        ], name: "falcon"),
      Named(
        patterns: [
          #"\p{N}{1,3}"#, "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+",
          "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
        ], name: "deepseek-v3"),
      Named(patterns: [#"\p{L}+"#], name: nil),
      Named(patterns: [], name: nil),
    ])
  func found(_ wanted: Named) {
    let name = PreTokenizerName.find(
      patterns: wanted.patterns, composes: wanted.composes, ignoresMerges: wanted.ignoresMerges)
    #expect(name == wanted.name)
  }

  /// The 256 letters that bytes are spelled with.
  static let byteTexts: [String] = {
    var next: UInt32 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      if (0x21...0x7E).contains(byte) || (0xA1...0xFF).contains(byte) && byte != 0xAD {
        return String(Unicode.Scalar(byte))
      }
      defer { next += 1 }
      return Unicode.Scalar(next).map { String($0) } ?? ""
    }
  }()

  @Test(
    "Falcon cuts the spelling of bytes: a character with a byte that is spelled as a number falls to pieces"
  )
  func falcon() throws {
    // The letter U+043C is D0 BC, and the byte BC is spelled as the fraction one quarter.
    func ids(_ pre: String) throws -> [Int32] {
      let tokens = Self.byteTexts + ["\u{D0}\u{BC}", "33", "333"]
      let tokenizer = try Tokenizer(
        metadata: GGUFMetadata([
          ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string(pre)),
          ("tokenizer.ggml.tokens", .array(.string(tokens))),
          ("tokenizer.ggml.merges", .array(.string(["\u{D0} \u{BC}", "3 3", "33 3"]))),
        ]))
      return tokenizer.encode("\u{43C}3333", addSpecial: false, parseSpecial: false)
    }
    #expect(try ids("falcon") == [0xD0, 0xBC, 258, 0x33])
    #expect(try ids("gpt-2") == [256, 257, 257])
  }
}
