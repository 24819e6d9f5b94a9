/// The most probable way to cut a text into pieces that come one by one, each with its own probability.
///
/// - Source: `EncodeOptimized` in `unigram_model.cc` of SentencePiece 0.2.3, and `encode_optimized` of the
///   `tokenizers` library, 0.23, which does the same in double precision and never starts the sums anew.
struct UnigramModel: Sendable {
  enum Precision: Sendable { case single, double }

  /// How much worse than the worst piece an unknown character is.
  static let unknownPenalty = 10.0
  /// Sums beyond this lose too many digits in single precision and start from zero again.
  static let resetThreshold: Float = 100_000

  let trie: PieceTrie
  /// The logarithm of each piece's probability.
  let scores: [Double]
  let lowestScore: Double
  let unknown: Int32
  /// The id of each byte, if unknown characters are cut into them.
  let bytes: [Int32]?
  /// Whether unknown pieces in a row are one.
  let fusesUnknown: Bool
  let precision: Precision
  /// Symbols that are always taken, beside their bonus for being long.
  let isUserDefined: [Bool]

  /// - Parameter kinds: Only normal and user-defined pieces are found in the text.
  init(
    texts: ByteTable, kinds: [Vocabulary.Kind], scores: [Double], unknown: Int32,
    bytes: [Int32]?, fusesUnknown: Bool, precision: Precision
  ) {
    var pieces: [(text: ArraySlice<UInt8>, value: Int32)] = []
    pieces.reserveCapacity(kinds.count)
    var lowest = Double.greatestFiniteMagnitude
    for (id, kind) in kinds.enumerated() {
      if kind == .normal { lowest = min(lowest, scores[id]) }
      guard kind == .normal || kind == .userDefined, !texts[id].isEmpty else { continue }
      pieces.append((texts[id], Int32(id)))
    }
    trie = PieceTrie(pieces)
    self.scores = scores
    lowestScore = lowest
    self.unknown = unknown
    self.bytes = bytes
    self.fusesUnknown = fusesUnknown
    self.precision = precision
    isUserDefined = kinds.map { $0 == .userDefined }
  }
}
