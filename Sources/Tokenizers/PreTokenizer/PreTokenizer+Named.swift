/// The ways to cut that have a name.
extension PreTokenizer {
  /// A pattern of one scalar of a set.
  static func one(_ set: ScalarSet) throws(TokenizerError) -> Pattern {
    do {
      return try Pattern(oneOf: set)
    } catch {
      throw .badPattern(pattern: "", why: String(describing: error))
    }
  }

  /// `\w+|[^\w\s]+`, as the `regex` crate takes it.
  static func words() throws(TokenizerError) -> Pattern {
    let word = ScalarSet.property(.word)
    let other = ScalarSet.not(.any([word, .property(.whiteSpace)]))
    do {
      return try Pattern(runsOf: [word, other])
    } catch {
      throw .badPattern(pattern: #"\w+|[^\w\s]+"#, why: String(describing: error))
    }
  }

  /// White space goes, and punctuation stands alone: the pre-tokenizer of BERT.
  static func bert() throws(TokenizerError) -> PreTokenizer {
    PreTokenizer(stages: try bertStages())
  }

  static func bertStages() throws(TokenizerError) -> [Stage] {
    [
      .split(try one(.property(.whiteSpace)), .removed, inverted: false),
      .split(try one(.property(.punctuation)), .isolated, inverted: false),
    ]
  }
}
