/// How ids become text: what each token spells, and how these join.
///
/// First each token alone becomes bytes, by ``Spelling``; then the steps work on the list of them, each on what the
/// one before made. What the last step leaves is put together. Steps go forward through the tokens and keep what
/// they cannot decide yet, so a stream of tokens gives the same text as all of them at once.
///
/// A source that says what a token is worth by its kind (a GGUF, a `.model`, a tiktoken file) needs a spelling and
/// seldom a step; a `tokenizer.json` is ``Spelling/verbatim`` with the steps of its `decoder`.
struct TokenDecoder: Sendable {
  /// The bytes that one token stands for by itself, in the middle of a text.
  enum Spelling: Sendable {
    /// Its text as it is.
    case verbatim
    /// Normal tokens are spelled in the ``ByteAlphabet``, unless a character is outside it; others stand as they are.
    case byteAlphabet
    /// In normal tokens U+2581 is a space; tokens of kind `byte`, as `<0x0A>`, are that byte; others stand as they
    /// are.
    case sentencePiece
    /// As `sentencePiece`, but for a step of that name: U+2581 stays, and a byte comes after 0xFF, which no UTF-8 holds.
    /// Tokens for what is unknown are `unknown`, if there is such a text.
    case pieces(unknown: [UInt8]?)
    /// Normal tokens that start with U+2581 start a word, and all else continues one (`bert` in a GGUF); others stand
    /// as they are.
    case phantomSpace
  }

  /// What is done to the list of tokens, as `decoders` of the `tokenizers` library do it.
  enum Step: Sendable {
    /// All tokens are bytes spelled in the ``ByteAlphabet`` (those with other characters stand as they are), and
    /// together one text, with U+FFFD for what is no UTF-8.
    case byteLevel
    /// Runs of `<0x0A>` and its like are the text of these bytes; if that is no UTF-8, U+FFFD for each.
    case byteFallback
    /// All tokens are one from here on.
    case fuse
    /// Removes `content` up to `start` times from the front of each token, and `stop` times from its end.
    case strip(content: Unicode.Scalar, start: Int, stop: Int)
    /// Tokens spelled as `pieces` are one text: a byte that is part of no character is U+FFFD, and white space in front
    /// is dropped as ``LeadingSpaces`` says.
    case sentencePiece(LeadingSpaces)
    /// The text of all tokens is changed at the end, as SentencePiece denormalizes it.
    case rewrite(SentencePieceNormalizer)
    /// U+2581, or what stands for it, is a space; in the first token it is nothing, if `dropsFirst`.
    case metaspace(replacement: Unicode.Scalar, dropsFirst: Bool)
    case replace(ReplaceText)
    /// Tokens with the prefix continue a word, the others start one after a space.
    case wordPiece(prefix: String, cleansUp: Bool)
    /// The suffix is a space, in the last token nothing.
    case suffix(String)
    /// Of equal tokens in a row one is left, and of that what is no padding.
    case ctc(padding: String, delimiter: String, cleansUp: Bool)
    /// A space between tokens: what there is where there is no decoder.
    case spaces
  }

  /// Which U+2581 at the front of tokens are no spaces: none, that of the first token, or one of each token until there
  /// is other text.
  enum LeadingSpaces: Sendable, Equatable {
    case none
    case one
    case all
  }

  var spelling: Spelling
  var steps: [Step] = []
  /// What tokens spell that the vocabulary spells otherwise: added ones that are looked for in normalized text.
  private(set) var otherSpellings: [Int32: [UInt8]] = [:]
  /// Special tokens that count as text, for normalizing changed them.
  private(set) var plainTokens: Set<Int32> = []

  init(spelling: Spelling, steps: [Step] = []) {
    self.spelling = spelling
    self.steps = steps
  }

  /// Whether the bytes of tokens, one after another, are the text.
  var joinsBytes: Bool { steps.isEmpty || isByteLevel }

  private var isByteLevel: Bool {
    if steps.count == 1, case .byteLevel = steps[0] { true } else { false }
  }
}

extension TokenDecoder {
  /// Takes up an added token: one that is looked for in normalized text is decoded as that spells it.
  mutating func add(
    _ token: AddedTokens.Token, _ normalizer: Normalizer, _ vocabulary: Vocabulary
  ) {
    var text = token.content
    if token.isNormalized {
      text = normalizer.normalize(text)
      if !text.utf8.elementsEqual(token.content.utf8) { plainTokens.insert(token.id) }
    }
    if vocabulary.text(of: token.id)?.elementsEqual(text.utf8) != true {
      otherSpellings[token.id] = Array(text.utf8)
    }
  }

  /// Appends the bytes that a token stands for in the middle of a text: no first space is dropped, and what a step
  /// makes of several tokens is left out of account.
  func append(_ id: Int32, of vocabulary: Vocabulary, to bytes: inout [UInt8]) {
    guard !steps.isEmpty else { return appendSpelling(id, of: vocabulary, to: &bytes) }
    if isByteLevel, otherSpellings[id] == nil, let text = vocabulary.text(of: id) {
      if !ByteAlphabet.decode(text, to: &bytes) { bytes.append(contentsOf: text) }
      return
    }
    var spelled: [UInt8] = []
    appendSpelling(id, of: vocabulary, to: &spelled)
    for step in steps { spelled = Self.apply(step, inside: spelled) }
    bytes.append(contentsOf: spelled)
  }

  /// Appends what the ``Spelling`` makes of a token; nothing for an id that there is not.
  func appendSpelling(_ id: Int32, of vocabulary: Vocabulary, to bytes: inout [UInt8]) {
    if let other = otherSpellings[id] { return bytes.append(contentsOf: other) }
    guard let text = vocabulary.text(of: id) else { return }
    let kind = vocabulary.kinds[Int(id)]
    switch (spelling, kind) {
    case (.byteAlphabet, .normal), (.byteAlphabet, .byte), (.byteAlphabet, .undefined):
      if !ByteAlphabet.decode(text, to: &bytes) { bytes.append(contentsOf: text) }
    case (.sentencePiece, .byte):
      if let byte = ByteToken.value(text) { bytes.append(byte) }
    case (.sentencePiece, .normal):
      bytes += Self.replaced("\u{2581}", by: " ", in: Array(text))
    case (.pieces, .byte):
      if let byte = ByteToken.value(text) { bytes += [0xFF, byte] }
    case (.pieces(let surface?), .unknown): bytes += surface
    case (.phantomSpace, .normal):
      if text.starts(with: ByteToken.space) { bytes.append(0x20) }
      bytes.append(
        contentsOf: text.starts(with: ByteToken.space)
          ? text.dropFirst(ByteToken.space.count) : text)
    default: bytes.append(contentsOf: text)
    }
  }

  static func apply(_ step: Step, inside token: [UInt8]) -> [UInt8] {
    switch step {
    case .byteLevel:
      var bytes: [UInt8] = []
      return ByteAlphabet.decode(token[...], to: &bytes) ? bytes : token
    case .byteFallback: return ByteToken.value(token[...]).map { [$0] } ?? token
    case .fuse, .strip, .spaces, .rewrite: return token
    case .sentencePiece:
      if token.count == 2, token[0] == 0xFF { return [token[1]] }
      return replaced("\u{2581}", by: " ", in: token)
    case .metaspace(let replacement, _): return replaced(String(replacement), by: " ", in: token)
    case .replace(let step): return token.withUnsafeBufferPointer { step.normalize($0) } ?? token
    case .wordPiece(let prefix, let cleansUp):
      return wordPiece(token, prefix, cleansUp, isFirst: false)
    case .suffix(let suffix): return replaced(suffix, by: " ", in: token)
    case .ctc(let padding, let delimiter, let cleansUp):
      return ctc(token, padding, delimiter, cleansUp)
    }
  }
}

/// Tokens that stand for one byte, as `<0x0A>` does.
enum ByteToken {
  /// U+2581, which SentencePiece writes for a space.
  static let space: [UInt8] = [0xE2, 0x96, 0x81]

  /// The byte, if the text is `<0x`, two hexadecimal digits and `>`.
  static func value(_ text: ArraySlice<UInt8>) -> UInt8? {
    guard text.count == 6, text.starts(with: Array("<0x".utf8)), text.last == UInt8(ascii: ">")
    else { return nil }
    return UInt8(String(decoding: text.dropFirst(3).dropLast(), as: UTF8.self), radix: 16)
  }

  /// `<0x0A>`.
  static func text(of byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x" + (digits.count == 1 ? "0" : "") + digits + ">"
  }

  /// The ids of the tokens for all bytes, if there are all 256.
  static func ids(in vocabulary: Vocabulary) -> [Int32]? {
    let ids = (UInt8.min...UInt8.max).compactMap { vocabulary.id(of: text(of: $0)) }
    return ids.count == 256 ? ids : nil
  }
}
