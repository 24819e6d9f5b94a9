extension TokenizerJSONReader {
  /// `Precompiled`: the table of replacements of SentencePiece, in Base64.
  static func charsmap(_ part: JSONField) throws(TokenizerError) -> [any NormalizerStep] {
    [try GraphemeCharsmap(base64: part.string("precompiled_charsmap"))]
  }
}
