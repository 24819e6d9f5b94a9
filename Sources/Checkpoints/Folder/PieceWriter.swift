import GGUF
import Tokenizers

/// The SentencePiece vocabulary of a GGUF as the parts of a `tokenizer.json` that are its own, and as a
/// `tokenizer.model`.
///
/// A `tokenizer.json` has merges in the place of scores: every cut of a piece in two others, those of the piece with the
/// best score first.
///
/// - Source: `generate_merges` and `LlamaConverter` in `convert_slow_tokenizer.py` of transformers 5.
struct PieceWriter {
  private typealias Kind = TokenizerMetadata.TokenType

  private let tokens: [TokenizerWriter.Token]
  private let scores: [Float]
  private let addsSpacePrefix: Bool
  private let unknown: Int?
  private let roles: [String: Int]

  init(_ metadata: GGUFMetadata, tokens: [TokenizerWriter.Token]) {
    self.tokens = tokens
    let scores = metadata.floats("tokenizer.ggml.scores") ?? []
    self.scores = tokens.indices.map { $0 < scores.count ? scores[$0] : 0 }
    addsSpacePrefix = metadata.bool("tokenizer.ggml.add_space_prefix") ?? true
    let unknown = metadata.integer("tokenizer.ggml.unknown_token_id") ?? 0
    self.unknown = tokens.indices.contains(unknown) ? unknown : nil
    var roles: [String: Int] = [:]
    for role in ["bos", "eos", "padding"] {
      let id = metadata.integer("tokenizer.ggml.\(role)_token_id")
      if let id, tokens.indices.contains(id) { roles[role] = id }
    }
    self.roles = roles
  }

  // MARK: tokenizer.json

  private static let space = JSONValue.string("\u{2581}")

  private static func replacing(_ old: JSONValue, by new: JSONValue) -> JSONValue {
    .members(
      ("type", .string("Replace")), ("pattern", .members(("String", old))), ("content", new))
  }

  var normalizer: JSONValue {
    let spaces = Self.replacing(.string(" "), by: Self.space)
    guard addsSpacePrefix else { return spaces }
    let prepend = JSONValue.members(("type", .string("Prepend")), ("prepend", Self.space))
    return .members(("type", .string("Sequence")), ("normalizers", .array([prepend, spaces])))
  }

  var decoder: JSONValue {
    var steps = [
      Self.replacing(Self.space, by: .string(" ")), .members(("type", .string("ByteFallback"))),
      .members(("type", .string("Fuse"))),
    ]
    if addsSpacePrefix {
      steps.append(
        .members(
          ("type", .string("Strip")), ("content", .string(" ")), ("start", .integer(1)),
          ("stop", .integer(0))))
    }
    return .members(("type", .string("Sequence")), ("decoders", .array(steps)))
  }

  /// - Parameter tokenCount: Tokens from here on are added ones without a place in the vocabulary.
  func model(tokenCount: Int) -> JSONValue {
    let vocabulary = tokens[..<tokenCount].enumerated().map { id, token in
      JSONValue.Member(token.text, .integer(id))
    }
    let merges = PieceMerges(
      pieces: tokens.indices.compactMap { id in
        tokens[id].kind == Int(Kind.normal.rawValue) ? (tokens[id].text, scores[id]) : nil
      })
    return .members(
      ("type", .string("BPE")), ("dropout", .null),
      ("unk_token", unknown.map { .string(tokens[$0].text) } ?? .null),
      ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null),
      ("fuse_unk", .bool(true)), ("byte_fallback", .bool(true)), ("ignore_merges", .bool(false)),
      ("vocab", .object(vocabulary)),
      ("merges", .array(merges.pairs.map { .array([.string($0), .string($1)]) })))
  }

  // MARK: tokenizer.model

  var modelFile: [UInt8] {
    let count = (tokens.lastIndex { !$0.isPadding } ?? -1) + 1
    let pieces = tokens[..<count].enumerated().map { id, token in
      SentencePieceFile.Piece(
        id: id, text: text(of: token), score: scores[id], kind: UInt8(kind(of: token, id).rawValue))
    }
    return SentencePieceFile.bytes(
      pieces: pieces, addsDummyPrefix: addsSpacePrefix, bos: roles["bos"], eos: roles["eos"],
      pad: roles["padding"])
  }

  /// The one piece for what is unknown is so by its role: files that were made of several others call it control.
  private func kind(of token: TokenizerWriter.Token, _ id: Int) -> TokenizerMetadata.TokenType {
    if id == unknown { return .unknown }
    let kind = Kind(rawValue: Int32(truncatingIfNeeded: token.kind)) ?? .normal
    return kind == .unknown ? .control : kind
  }

  /// User-defined symbols are found after spaces became U+2581, unlike tokens that are added.
  private func text(of token: TokenizerWriter.Token) -> String {
    token.kind == Int(Kind.userDefined.rawValue)
      ? token.text.replacing(" ", with: "\u{2581}") : token.text
  }
}

/// The merges that make the pieces of a SentencePiece vocabulary, the best first.
struct PieceMerges {
  private(set) var pairs: [(left: String, right: String)] = []

  init(pieces: [(text: String, score: Float)]) {
    // Texts that are canonically equivalent are different pieces.
    let texts = Set(pieces.map { Array($0.text.utf8)[...] })
    let ordered = pieces.indices.sorted {
      pieces[$0].score != pieces[$1].score
        ? pieces[$0].score > pieces[$1].score : $0 < $1
    }
    for index in ordered {
      let text = Array(pieces[index].text.utf8)
      // Longer left parts first, as the original's converter has them.
      for middle in stride(from: text.count - 1, to: 0, by: -1) where text[middle] & 0xC0 != 0x80 {
        guard texts.contains(text[..<middle]), texts.contains(text[middle...]) else { continue }
        pairs.append(
          (
            String(decoding: text[..<middle], as: UTF8.self),
            String(decoding: text[middle...], as: UTF8.self)
          ))
      }
    }
  }
}
