/// What a model file and a GGUF both say of a SentencePiece vocabulary, and the parts of a tokenizer it makes.
struct SentencePieceModel {
  var vocabulary: Vocabulary
  var scores: [Float]
  var algorithm: SentencePieceFile.Algorithm
  /// The piece for what the vocabulary lacks, or -1.
  var unknown: Int32
  var fallsBackToBytes: Bool
  var normalization: SentencePieceFile.Normalization
  var treatsWhitespaceAsSuffix = false
  /// Whether user-defined symbols are found by the model; else they are added tokens.
  var findsUserDefined = true

  /// The model, and what is done to text before.
  var parts: (model: any SubwordModel, normalizer: SentencePieceNormalizer) {
    get throws(TokenizerError) {
      let userDefined = findsUserDefined ? userDefined : nil
      var normalizer = try SentencePieceNormalizer(normalization)
      normalizer.treatsWhitespaceAsSuffix = treatsWhitespaceAsSuffix
      normalizer.userDefined = userDefined
      return (model(userDefined), normalizer)
    }
  }

  private func model(_ userDefined: PieceTrie?) -> any SubwordModel {
    if algorithm == .unigram {
      return UnigramModel(
        texts: vocabulary.texts, kinds: vocabulary.kinds, scores: scores.map(Double.init),
        unknown: unknown, bytes: bytes, fusesUnknown: true, precision: .single)
    }
    return PieceModel(
      vocabulary: vocabulary, scores: scores, algorithm: algorithm, unknown: unknown, bytes: bytes,
      userDefined: userDefined)
  }

  private var userDefined: PieceTrie? {
    let pieces = vocabulary.kinds.enumerated().compactMap { id, kind in
      kind == .userDefined ? (text: vocabulary.texts[id], value: Int32(id)) : nil
    }
    return pieces.isEmpty ? nil : PieceTrie(pieces)
  }

  /// The id of each byte; bytes that have none are unknown.
  private var bytes: [Int32]? {
    guard fallsBackToBytes else { return nil }
    return (UInt8.min...UInt8.max).map { vocabulary.id(of: ByteToken.text(of: $0)) ?? unknown }
  }
}

extension SentencePieceNormalizer {
  init(_ spec: SentencePieceFile.Normalization) throws(TokenizerError) {
    do {
      charsmap = spec.charsmap.isEmpty ? nil : try Charsmap(spec.charsmap)
    } catch {
      throw .malformedSentencePiece(error)
    }
    addsDummyPrefix = spec.addsDummyPrefix
    removesExtraWhitespace = spec.removesExtraWhitespace
    escapesWhitespace = spec.escapesWhitespace
  }
}

extension SentencePieceFile.Normalization {
  /// How much white space decoding drops from the front of a text.
  var leadingSpaces: TokenDecoder.LeadingSpaces {
    removesExtraWhitespace ? .all : addsDummyPrefix ? .one : .none
  }
}
