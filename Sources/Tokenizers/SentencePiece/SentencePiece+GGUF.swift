internal import GGUF

extension TokenizerMetadataReader {
  private enum PieceKey {
    static let scores = "tokenizer.ggml.scores"
    static let unknown = "tokenizer.ggml.unknown_token_id"
    static let addsSpace = "tokenizer.ggml.add_space_prefix"
    static let removesSpaces = "tokenizer.ggml.remove_extra_whitespaces"
    static let charsmap = "tokenizer.ggml.precompiled_charsmap"
  }

  /// The tokenizer of a GGUF whose `tokenizer.ggml.model` is `llama`, `t5` or `gemma4`; nil for any other.
  ///
  /// A GGUF does not tell a SentencePiece model's user-defined symbols from tokens that were added to it; both are
  /// found in the text as given, and what lies between is normalized by itself, as llama.cpp does it.
  func sentencePieceParts(_ model: String) throws(TokenizerError) -> Tokenizer.Parts? {
    if model == "gemma4" { return try spacedPairParts() }
    guard model == "llama" || model == "t5" else { return nil }
    let isUnigram = model == "t5"
    var vocabulary = try vocabulary()
    var normalization = SentencePieceFile.Normalization()
    normalization.addsDummyPrefix = metadata.bool(PieceKey.addsSpace) ?? !isUnigram
    normalization.removesExtraWhitespace =
      isUnigram && metadata.bool(PieceKey.removesSpaces) ?? false
    if isUnigram { normalization.charsmap = try charsmap() }
    func id(_ key: String, else place: Int32) -> Int32? {
      self.id(key, in: vocabulary) ?? (Int(place) < vocabulary.count ? place : nil)
    }
    let hasBytes = vocabulary.id(of: ByteToken.text(of: 0)) != nil
    var pieces = SentencePieceModel(
      vocabulary: vocabulary, scores: try scores(count: vocabulary.count),
      algorithm: isUnigram ? .unigram : .bytePair,
      unknown: id(PieceKey.unknown, else: isUnigram ? 2 : 0) ?? -1, fallsBackToBytes: hasBytes,
      normalization: normalization)
    pieces.findsUserDefined = false
    let (subwords, normalizer) = try pieces.parts
    let bos = isUnigram ? self.id(Key.bos, in: vocabulary) : id(Key.bos, else: 1)
    let eos = id(Key.eos, else: isUnigram ? 1 : 2)
    let ends = EndOfGeneration.ids(
      vocabulary: vocabulary,
      declared: ([eos] + Key.ends.map { self.id($0, in: vocabulary) }).compactMap { $0 },
      model: subwords)
    correctKinds(&vocabulary, ends: ends)
    var parts = Tokenizer.Parts(
      vocabulary: vocabulary, model: subwords, preTokenizer: PreTokenizer(stages: []))
    parts.normalizer = Normalizer([normalizer])
    parts.addedTokens = addedTokens(vocabulary)
    parts.decoder = TokenDecoder(
      spelling: .pieces(unknown: nil), steps: [.sentencePiece(normalization.leadingSpaces)])
    parts.bosID = bos
    parts.eosID = eos
    if metadata.bool(Key.addBOS) ?? !isUnigram, let bos { parts.prefix = [bos] }
    if metadata.bool(Key.addEOS) ?? isUnigram, let eos { parts.suffix = [eos] }
    parts.endOfGenerationIDs = ends
    parts.chatTemplate = metadata.string(Key.template)
    return parts
  }

  /// Gemma 4 and its like: pieces as those of SentencePiece, put together by merges.
  func spacedPairParts() throws(TokenizerError) -> Tokenizer.Parts {
    var vocabulary = try vocabulary()
    let pairs = try TextPairModel(
      vocabulary: vocabulary, merges: texts(Key.merges),
      unknown: id(PieceKey.unknown, in: vocabulary))
    let eos = id(Key.eos, in: vocabulary)
    let ends = EndOfGeneration.ids(
      vocabulary: vocabulary,
      declared: ([eos] + Key.ends.map { id($0, in: vocabulary) }).compactMap { $0 }, model: pairs)
    correctKinds(&vocabulary, ends: ends)
    var parts = Tokenizer.Parts(
      vocabulary: vocabulary, model: pairs, preTokenizer: PreTokenizer(stages: []))
    var spaces = SentencePieceNormalizer()
    spaces.addsDummyPrefix = metadata.bool(PieceKey.addsSpace) ?? false
    spaces.removesExtraWhitespace = false
    parts.normalizer = Normalizer([spaces])
    parts.addedTokens = addedTokens(vocabulary)
    parts.decoder = TokenDecoder(
      spelling: .pieces(unknown: nil),
      steps: [.sentencePiece(spaces.addsDummyPrefix ? .one : .none)])
    parts.bosID = id(Key.bos, in: vocabulary)
    parts.eosID = eos
    // llama.cpp begins with it whatever the file says.
    parts.prefix = [parts.bosID].compactMap { $0 }
    if metadata.bool(Key.addEOS) ?? false, let eos { parts.suffix = [eos] }
    parts.endOfGenerationIDs = ends
    parts.chatTemplate = metadata.string(Key.template)
    return parts
  }

  private func scores(count: Int) throws(TokenizerError) -> [Float] {
    guard metadata.contains(PieceKey.scores) else { return [Float](repeating: 0, count: count) }
    guard
      let scores = metadata.floats(PieceKey.scores)
        ?? metadata.integers(PieceKey.scores).map({ $0.map(Float.init) })
    else { throw .wrongType(key: PieceKey.scores, expected: "an array of numbers") }
    guard scores.count >= count else {
      throw .countMismatch(key: PieceKey.scores, expected: count, found: scores.count)
    }
    return Array(scores.prefix(count))
  }

  private func charsmap() throws(TokenizerError) -> [UInt8] {
    guard metadata.contains(PieceKey.charsmap) else { return [] }
    guard let numbers = metadata.integers(PieceKey.charsmap) else {
      throw .wrongType(key: PieceKey.charsmap, expected: "an array of bytes")
    }
    return numbers.map { UInt8(truncatingIfNeeded: $0) }
  }
}
