import Tokenizers

extension TokenizerWriter {
  /// All files of the tokenizer.
  func files(contextLength: Int) -> [HuggingFaceFolder.TextFile] {
    if case .tiktoken(let encoding) = architecture.tokenizerFile,
      let ranks = tiktokenFile(encoding)
    {
      return [
        .init(name: "\(encoding.name).tiktoken", bytes: ranks),
        .init(
          name: "tokenizer_config.json",
          bytes: tiktokenSettings(contextLength: contextLength).text),
      ]
    }
    return plainFiles(contextLength: contextLength)
  }

  /// The vocabulary as a tiktoken file; `nil` where that would be another tokenizer.
  private func tiktokenFile(_ encoding: TiktokenEncoding) -> [UInt8]? {
    guard meaning.patterns == [encoding.pattern], meaning.composes == encoding.composes else {
      return nil
    }
    let texts = tokens.prefix { !$0.isAdded && !$0.isPadding }.map(\.text)
    guard let (bytes, ranks) = TiktokenRanks.file(of: texts, merges: merges) else { return nil }
    let special = encoding.specialTokens(beside: ranks, below: tokens.count)
    // Older converters call the tokens of unused rows tokens of the user.
    let others = tokens.enumerated().dropFirst(texts.count).filter { place, token in
      !token.isPadding && token.text != "[PAD\(place)]"
    }
    let isSame =
      special.map(\.id) == others.map(\.offset)
      && special.map(\.text) == others.map(\.element.text)
      && others.allSatisfy(\.element.isControl)
    return isSame ? bytes : nil
  }

  private func tiktokenSettings(contextLength: Int) -> JSONValue {
    .members(
      (
        "auto_map",
        .members(("AutoTokenizer", .array([.string("tokenization_qwen.QWenTokenizer"), .null])))
      ),
      ("add_bos_token", flag("add_bos_token")), ("add_eos_token", flag("add_eos_token")),
      ("chat_template", template), ("model_max_length", .integer(contextLength)),
      ("tokenizer_class", .string("QWenTokenizer")))
  }
}
