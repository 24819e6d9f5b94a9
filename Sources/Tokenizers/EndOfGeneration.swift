/// Which tokens end an answer.
///
/// - Source: llama.cpp `src/llama-vocab.cpp` (October 2026): tokens known by their text, and those that the
///   metadata declares.
enum EndOfGeneration {
  /// Texts that end an answer wherever they are in a vocabulary.
  private static let endTexts = [
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
    "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
    "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
    "<｜end▁of▁sentence｜>", "[e~[",
  ]

  /// Texts of fill-in-the-middle vocabularies that end an answer: padding, repository, file.
  private static let fillTexts = [
    ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"],
    ["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"],
    ["<|file_sep|>"],
  ]

  /// - Parameters:
  ///   - declared: The ids that the file names as ends, of a text, a turn or a message.
  ///   - model: Tells text from control: a normal token that it makes is a piece of text, as `</s>` is in the
  ///     vocabulary of Qwen, and ends nothing. llama.cpp does not look at this.
  static func ids(
    vocabulary: Vocabulary, declared: [Int32], model: any SubwordModel
  ) -> Set<Int32> {
    var ids = Set(declared)
    func id(of text: String) -> Int32? {
      guard let id = vocabulary.id(of: text) else { return nil }
      return vocabulary.kinds[Int(id)] == .normal && model.makes(Array(text.utf8)[...]) ? nil : id
    }
    for text in endTexts { if let id = id(of: text) { ids.insert(id) } }
    for texts in fillTexts {
      if let id = texts.lazy.compactMap({ id(of: $0) }).first { ids.insert(id) }
    }
    func has(_ text: String) -> Bool { vocabulary.id(of: text).map(ids.contains) ?? false }
    func remove(_ text: String) { if let id = vocabulary.id(of: text) { ids.remove(id) } }
    // In these vocabularies `<|end|>` ends a message, not the answer.
    let hasCall = has("<|call|>") || has("<|calls|>")
    if hasCall, has("<|return|>") || has("<|flush|>") { remove("<|end|>") }
    // And here `</s>` is a piece of text.
    if has("<|tool_response>") || has("<|plamo:eos|>") { remove("</s>") }
    return ids
  }
}
