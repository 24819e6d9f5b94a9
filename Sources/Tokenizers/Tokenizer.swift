/// Text to token ids and back, from what a checkpoint says about its own vocabulary.
///
/// The same ids as the library the vocabulary was made with.
public struct Tokenizer: Sendable {
  /// Everything a source (GGUF metadata or `tokenizer.json`) decides.
  struct Parts: Sendable {
    var vocabulary: Vocabulary
    var model: any SubwordModel
    var preTokenizer: PreTokenizer
    var normalizer = Normalizer.none
    var decoder = TokenDecoder(spelling: .byteAlphabet)
    var addedTokens: [AddedTokens.Token] = []
    var prefix: [Int32] = []
    var suffix: [Int32] = []
    var bosID: Int32?
    var eosID: Int32?
    var endOfGenerationIDs: Set<Int32> = []
    var chatTemplate: String?
  }

  private let parts: Parts
  private let addedTokens: AddedTokens

  init(_ parts: Parts) {
    self.parts = parts
    addedTokens = AddedTokens(parts.addedTokens, normalizer: parts.normalizer)
  }

  // MARK: The vocabulary

  /// How many ids there are; valid ids are `0..<vocabularyCount`.
  public var vocabularyCount: Int { parts.vocabulary.count }

  /// The token that starts a text, if the vocabulary has one.
  public var bosID: Int32? { parts.bosID }

  /// The token that ends a text, if the vocabulary has one.
  public var eosID: Int32? { parts.eosID }

  /// The tokens after which a model has said what it had to say.
  ///
  /// - Source: llama.cpp `src/llama-vocab.cpp`, `special_eog_ids`.
  public var endOfGenerationIDs: Set<Int32> { parts.endOfGenerationIDs }

  /// The source of the chat template, if the checkpoint has one.
  public var chatTemplate: String? { parts.chatTemplate }

  /// The id of a token by its spelling in the vocabulary, as `<|im_end|>`.
  public func id(of piece: String) -> Int32? { parts.vocabulary.id(of: piece) }

  /// The spelling of a token in the vocabulary, as `Ġthe`; empty for an id that there is not.
  public func piece(_ id: Int32) -> String {
    parts.vocabulary.text(of: id).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// The bytes of text that a token stands for, perhaps a part of a character.
  public func bytes(of id: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    appendBytes(of: id, to: &bytes)
    return bytes
  }

  /// Appends the bytes of text that a token stands for.
  func appendBytes(of id: Int32, to bytes: inout [UInt8]) {
    parts.decoder.append(id, of: parts.vocabulary, to: &bytes)
  }

  /// Whether a token belongs to the model and not to the text: `<|im_start|>`, the end of a text.
  public func isSpecial(_ id: Int32) -> Bool {
    id >= 0 && Int(id) < vocabularyCount && parts.vocabulary.kinds[Int(id)].isSpecial
  }

  // MARK: Encoding

  /// The token ids of a text.
  ///
  /// - Parameters:
  ///   - addSpecial: Add the tokens that the vocabulary puts around a text, as its beginning.
  ///   - parseSpecial: Read `<|im_start|>` and its like in the text as the tokens they name. Leave it off for text
  ///     that a user typed.
  /// - Complexity: O(n log n) in the longest word, linear otherwise.
  public func encode(_ text: String, addSpecial: Bool, parseSpecial: Bool) -> [Int32] {
    var ids: [Int32] = addSpecial ? parts.prefix : []
    var encoder = TextEncoder(parts)
    var text = text
    text.withUTF8 { text in
      addedTokens.split(
        text, .raw, parseSpecial: parseSpecial,
        piece: { encodePiece(text, $0, parseSpecial, &encoder, &ids) },
        token: { ids.append($0) })
    }
    if addSpecial { ids += parts.suffix }
    return ids
  }

  /// Encodes what lies between the tokens that are found in the text as given.
  private func encodePiece(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ parseSpecial: Bool,
    _ encoder: inout TextEncoder, _ ids: inout [Int32]
  ) {
    let piece = UnsafeBufferPointer(rebasing: text[range])
    var origin = 0
    if range.lowerBound == 0, encoder.asksForStart { origin = parts.normalizer.origin(of: piece) }
    guard let normalized = parts.normalizer.normalize(piece) else {
      return encodeNormalized(piece, origin, parseSpecial, &encoder, &ids)
    }
    normalized.withUnsafeBufferPointer {
      encodeNormalized($0, origin, parseSpecial, &encoder, &ids)
    }
  }

  private func encodeNormalized(
    _ text: UnsafeBufferPointer<UInt8>, _ origin: Int, _ parseSpecial: Bool,
    _ encoder: inout TextEncoder, _ ids: inout [Int32]
  ) {
    guard !addedTokens.isEmpty(.normalized) else { return encoder.encode(text, origin, into: &ids) }
    addedTokens.split(
      text, .normalized, parseSpecial: parseSpecial,
      piece: { range in
        encoder.encode(
          UnsafeBufferPointer(rebasing: text[range]), origin - range.lowerBound, into: &ids)
      },
      token: { ids.append($0) })
  }

  // MARK: Decoding

  /// The text of token ids; bytes that are not UTF-8 become U+FFFD.
  ///
  /// - Parameter skipSpecial: Leave out tokens such as `<|im_end|>`.
  public func decode(_ ids: [Int32], skipSpecial: Bool) -> String {
    var bytes: [UInt8] = []
    var joiner = makeJoiner()
    for id in ids where !(skipSpecial && isSkipped(id)) && hasToken(id) {
      if joiner == nil {
        appendBytes(of: id, to: &bytes)
      } else {
        joiner?.take(spelling(of: id), into: &bytes)
      }
    }
    joiner?.finish(into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether a text without special tokens is one without this; a token that normalizing changed counts as text.
  func isSkipped(_ id: Int32) -> Bool {
    isSpecial(id) && !parts.decoder.plainTokens.contains(id)
  }

  func hasToken(_ id: Int32) -> Bool {
    id >= 0 && Int(id) < vocabularyCount && !parts.vocabulary.holes.contains(id)
  }

  /// What takes tokens to text; nil when their bytes, one after another, are the text.
  func makeJoiner() -> TokenJoiner? {
    parts.decoder.joinsBytes ? nil : TokenJoiner(parts.decoder.steps)
  }

  /// What a token spells before the steps of the decoder.
  func spelling(of id: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    parts.decoder.appendSpelling(id, of: parts.vocabulary, to: &bytes)
    return bytes
  }

  /// A decoder for ids that come one by one.
  public func makeDecoder(skipSpecial: Bool = true) -> StreamDecoder {
    StreamDecoder(tokenizer: self, skipsSpecial: skipSpecial)
  }
}

/// Encodes pieces of one text.
private struct TextEncoder {
  private var splitter: WordSplitter
  private let words: WordEncoder
  let asksForStart: Bool

  init(_ parts: Tokenizer.Parts) {
    splitter = WordSplitter(parts.preTokenizer)
    asksForStart = parts.preTokenizer.asksForStart
    words = WordEncoder(parts.model)
  }

  mutating func encode(
    _ text: UnsafeBufferPointer<UInt8>, _ origin: Int, into ids: inout [Int32]
  ) {
    let words = words
    splitter.split(text, origin: origin) { word in words.encode(word, into: &ids) }
  }
}
