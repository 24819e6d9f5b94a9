/// What is special about an architecture's SentencePiece vocabulary in a GGUF.
///
/// - Source: `set_vocab` of the models in llama.cpp's conversion/gemma.py and phi.py.
struct PieceRules: Sendable {
  /// What is stated of a space before a text; `nil` for nothing.
  var addsSpacePrefix: Bool?
  /// The token that ends a turn, where no file says so.
  var endOfTurn: Int?
  /// Whether added tokens are what their file says, and those of `tokenizer.json` count as well; else some are special
  /// by their look, and U+2581 in the others is a space.
  var takesTokensAsTheyAre = false
}
