/// What a name in `tokenizer.ggml.pre` stands for.
///
/// A GGUF file holds only the name; the patterns are those of the `tokenizer.json` that the name was given to.
///
/// - Source: llama.cpp `src/llama-vocab.cpp`, `llm_tokenizer_bpe`, with the original patterns it notes beside its
///   own; normalizers from the published `tokenizer.json` files.
struct PreTokenizerRecipe: Sendable {
  var patterns: [String]
  var normalizer = Normalizer.none
  var ignoresMerges = false
  var addsBOS = false

  static func named(_ name: String) -> PreTokenizerRecipe? { byName[name] }

  private static let llama3 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let qwen2 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let qwen35 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  fileprivate static let table: [(names: [String], recipe: PreTokenizerRecipe)] = [
    (
      [
        "smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2",
      ],
      .init(patterns: [#"\p{N}"#, PreTokenizer.gpt2Pattern])
    ),
    (
      ["command-r"],
      .init(patterns: [#"\p{N}"#, PreTokenizer.gpt2Pattern], normalizer: .composed)
    ),
    (
      ["gpt-2", "phi-2", "mpt", "olmo", "jais", "gigachat", "exaone4", "mellum"],
      .init(patterns: [PreTokenizer.gpt2Pattern])
    ),
    (
      ["llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2"],
      .init(patterns: [llama3], ignoresMerges: true, addsBOS: true)
    ),
    (["dbrx", "smaug-bpe"], .init(patterns: [llama3])),
    (["qwen2"], .init(patterns: [qwen2], normalizer: .composed)),
    (["deepseek-r1-qwen", "megrez", "stablelm2"], .init(patterns: [qwen2])),
    (["qwen35"], .init(patterns: [qwen35])),
    (
      ["falcon"],
      .init(patterns: [#"[\p{P}\$\+<=>\^~\|`]+"#, PreTokenizer.gpt2Pattern, "[0-9][0-9][0-9]"])
    ),
    (
      ["default"],
      .init(patterns: [
        #"[\p{P}\$\+<=>\^~\|]+"#, PreTokenizer.gpt2Pattern, #"\p{N}+"#, "[0-9][0-9][0-9]",
      ])
    ),
  ]

  private static let byName: [String: PreTokenizerRecipe] = Dictionary(
    uniqueKeysWithValues: table.flatMap { row in row.names.map { ($0, row.recipe) } })
}

/// The table of pre-tokenizers by name, for those who write a GGUF or a `tokenizer.json`.
package enum PreTokenizerName {
  /// What `ByteLevel` isolates on its own.
  package static var gpt2Pattern: String { PreTokenizer.gpt2Pattern }

  /// What stands behind a name of `tokenizer.ggml.pre`.
  package struct Meaning: Sendable {
    package let patterns: [String]
    package let composes: Bool
    package let ignoresMerges: Bool
    package let addsBOS: Bool

    /// Nothing is cut before pieces of SentencePiece are found.
    package static let pieces = Meaning(
      patterns: [], composes: false, ignoresMerges: false, addsBOS: true)
  }

  package static func meaning(of name: String) -> Meaning? {
    PreTokenizerRecipe.named(name).map { recipe in
      Meaning(
        patterns: recipe.patterns, composes: recipe.composes, ignoresMerges: recipe.ignoresMerges,
        addsBOS: recipe.addsBOS)
    }
  }

  /// The name for these patterns, or `nil`; one that also normalizes alike, where there is one.
  package static func find(patterns: [String], composes: Bool, ignoresMerges: Bool) -> String? {
    let rows = PreTokenizerRecipe.table.filter { $0.recipe.patterns == patterns }
    let alike = rows.first {
      $0.recipe.composes == composes && $0.recipe.ignoresMerges == ignoresMerges
    }
    return (alike ?? rows.first)?.names.first
  }
}

extension PreTokenizerRecipe {
  fileprivate var composes: Bool { normalizer.composes }
}
