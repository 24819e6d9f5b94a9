internal import GGUF

extension TokenizerMetadataReader {
  private enum BertKey {
    static let unknown = "tokenizer.ggml.unknown_token_id"
    static let separator = "tokenizer.ggml.seperator_token_id"
    static let lowercases = "tokenizer.ggml.normalizer.lowercase"
    static let stripsAccents = "tokenizer.ggml.normalizer.strip_accents"
  }

  /// The tokenizer of a GGUF whose `tokenizer.ggml.model` is `bert`. A text stands between a token that classifies
  /// it and one that separates it from the next.
  ///
  /// - Source: llama.cpp `src/llama-vocab.cpp`, `llm_tokenizer_wpm_session` and the ids that `load` takes for granted.
  func wordPieceParts() throws(TokenizerError) -> Tokenizer.Parts {
    let vocabulary = try vocabulary()
    func id(_ key: String, else place: Int32) -> Int32? {
      self.id(key, in: vocabulary) ?? (Int(place) < vocabulary.count ? place : nil)
    }
    let model = WordPieceModel(
      phantomSpace: vocabulary, unknown: id(BertKey.unknown, else: 100))
    var parts = Tokenizer.Parts(
      vocabulary: vocabulary, model: model, preTokenizer: try PreTokenizer.bert())
    let lowercases = metadata.bool(BertKey.lowercases) ?? true
    parts.normalizer = Normalizer.bert(
      stripsAccents: metadata.bool(BertKey.stripsAccents) ?? lowercases, lowercases: lowercases)
    parts.decoder = TokenDecoder(spelling: .phantomSpace)
    parts.addedTokens = addedTokens(vocabulary)
    parts.bosID = id(Key.bos, else: 101)
    parts.eosID = self.id(Key.eos, in: vocabulary)
    parts.prefix = [parts.bosID].compactMap { $0 }
    parts.suffix = [id(BertKey.separator, else: 102)].compactMap { $0 }
    parts.endOfGenerationIDs = EndOfGeneration.ids(
      vocabulary: vocabulary, declared: [parts.eosID].compactMap { $0 }, model: model)
    parts.chatTemplate = metadata.string(Key.template)
    return parts
  }
}
