internal import GGUF

extension Model {
  /// The context of a session when nobody asks: the model's limit or ``Session/defaultContextLength``,
  /// whichever is smaller.
  ///
  /// A model whose positions turn otherwise in a long context keeps to its short one, as it is better at
  /// short texts then.
  public var defaultContextLength: Int {
    let length = min(dimensions.contextLimit, Session.defaultContextLength)
    guard file.tensor("rope_factors_short.weight") != nil,
      let original = file.metadata.integer(
        "\(architecture).rope.scaling.original_context_length"), original > 0
    else { return length }
    return min(length, original)
  }
}
