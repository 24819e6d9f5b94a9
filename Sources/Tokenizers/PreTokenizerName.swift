/// The table of pre-tokenizers by name, for those who write a GGUF or a `tokenizer.json`.
package enum PreTokenizerName {
  /// What `ByteLevel` isolates on its own.
  package static var gpt2Pattern: String { PreTokenizer.gpt2Pattern }

  /// What `Punctuation` isolates in runs.
  package static var punctuationPattern: String { PublishedPattern.punctuation }

  /// What stands behind a name of `tokenizer.ggml.pre`.
  package struct Meaning: Sendable {
    package let patterns: [String]
    package let composes: Bool
    package let ignoresMerges: Bool
    package let addsBOS: Bool
    /// What cuts the words once they are spelled in the byte alphabet.
    package var spelledPatterns: [String] = []

    /// Nothing is cut before pieces of SentencePiece are found.
    package static let pieces = Meaning(
      patterns: [], composes: false, ignoresMerges: false, addsBOS: true)
  }

  package static func meaning(of name: String) -> Meaning? {
    PreTokenizerRecipe.named(name).map { recipe in
      Meaning(
        patterns: recipe.patterns, composes: recipe.normalizer.composes,
        ignoresMerges: recipe.ignoresMerges, addsBOS: recipe.addsBOS,
        spelledPatterns: recipe.spelledPatterns)
    }
  }

  /// The name for these patterns, or `nil`; of several, the one that is most alike in all else.
  ///
  /// - Parameter patterns: What is isolated, in order, before or after the text is spelled in the byte alphabet.
  package static func find(patterns: [String], composes: Bool, ignoresMerges: Bool) -> String? {
    let wanted = patterns.map(plainSpelling)
    let rows = PreTokenizerRecipe.table.filter {
      let recipe = $0.recipe
      return recipe.alphabet == .bytes && !recipe.patterns.isEmpty
        && (recipe.patterns + recipe.spelledPatterns).map(plainSpelling) == wanted
    }
    func alikeness(_ recipe: PreTokenizerRecipe) -> Int {
      (recipe.normalizer.composes == composes ? 2 : 0)
        + (recipe.ignoresMerges == ignoresMerges ? 1 : 0)
    }
    // Of equals, `max` gives the first.
    return rows.max { alikeness($0.recipe) < alikeness($1.recipe) }?.names.first
  }

  /// One spelling for what is spelled in several ways: line ends as they are or escaped, and the pattern of `cl100k`
  /// as `tiktoken` has it.
  private static func plainSpelling(_ pattern: String) -> String {
    let escaped = pattern.unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "\r": text += #"\r"#
      case "\n": text += #"\n"#
      default: text.unicodeScalars.append(scalar)
      }
    }
    return escaped == PublishedPattern.cl100k ? PublishedPattern.llama3 : escaped
  }
}
