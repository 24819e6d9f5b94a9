extension HuggingFaceFolder {
  /// Whether a file of this name belongs to a checkpoint's folder as this program and `transformers`
  /// write it, so that a new checkpoint may take its place.
  public static func isKnownName(_ name: String) -> Bool {
    knownNames.contains(name)
      || (name.hasPrefix("model") && name.hasSuffix(".safetensors"))
  }

  private static let knownNames: Set = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "chat_template.jinja", "model.safetensors.index.json", "README.md", "qwen.tiktoken",
  ]
}
