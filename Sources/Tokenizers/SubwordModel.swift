/// How a vocabulary spells words: the part of a tokenizer that turns each word into ids.
///
/// A ``Tokenizer`` finds added tokens, normalizes what lies between, cuts it into words by its ``PreTokenizer``, and
/// asks the model for the ids of each word. Where there is no pre-tokenizer, the whole of such a text is one word.
///
/// To add a model: a type of this protocol in a folder of its own, and the place that makes it from a file
/// (`TokenizerJSON/`, the metadata of a GGUF, a file of another format).
protocol SubwordModel: Sendable {
  /// An encoder with scratch space of its own; one is made for each text.
  func makeEncoder() -> any SubwordEncoder

  /// Whether the model makes the token of this text out of smaller ones. Such a token is text, and control tokens
  /// are none: `</s>` is a piece of text in the vocabulary of Qwen.
  func makes(_ text: ArraySlice<UInt8>) -> Bool
}

/// Turns the words of one text into ids.
protocol SubwordEncoder: AnyObject {
  /// Appends the ids of a word.
  ///
  /// The ids must depend on nothing but the word: those of short words are remembered, and the encoder is not asked
  /// again. A model that has no token for a word, and none for what is unknown, appends nothing.
  ///
  /// - Parameter word: UTF-8 after normalizer and pre-tokenizer, never empty; it lives until the call returns. A
  ///   file's own bytes reach it when the caller encodes text that is no UTF-8: never trap.
  /// - Complexity: O(n log n) in the bytes of the word at most. Words may be megabytes long.
  func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32])
}
