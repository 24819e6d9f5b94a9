import GGUF
import Tokenizers

/// The pieces of a SentencePiece vocabulary row by row, as a GGUF lists them.
struct PieceTable {
  typealias Kind = TokenizerMetadata.TokenType

  private(set) var texts: [String]
  private(set) var scores: [Float]
  private(set) var kinds: [Kind]

  /// The score of tokens that were added to a vocabulary, and have none of their own.
  static let addedScore: Float = -1000

  /// Rows that no piece has: each has a name of its own.
  init(rows: Int) {
    texts = (0..<rows).map { "[PAD\($0)]" }
    scores = [Float](repeating: -10_000, count: rows)
    kinds = [Kind](repeating: .unused, count: rows)
  }

  /// Sets a row; a row that the embedding lacks is left out, for the model cannot give it.
  mutating func set(_ id: Int, _ text: String, score: Float = addedScore, _ kind: Kind) {
    guard texts.indices.contains(id) else { return }
    texts[id] = text
    scores[id] = score
    kinds[id] = kind
  }

  var entries: [(key: String, value: GGUFValue)] {
    [
      ("model", .string("llama")), ("pre", .string("default")), ("tokens", .array(.string(texts))),
      ("scores", .array(.float32(scores))),
      ("token_type", .array(.int32(kinds.map(\.rawValue)))),
    ]
  }
}
