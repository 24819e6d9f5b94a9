/// The pieces of a SentencePiece vocabulary whose neighbours merge by score, or that stand for words or characters.
struct PieceModel: Sendable {
  let texts: ByteTable
  let kinds: [Vocabulary.Kind]
  /// The order in which pairs become each piece: the best score first.
  let ranks: [UInt32]
  let algorithm: SentencePieceFile.Algorithm
  /// The token for what the vocabulary lacks, or -1.
  let unknown: Int32
  /// The id of each byte, if unknown characters are cut into them.
  let bytes: [Int32]?
  /// Symbols that are found before anything merges.
  let userDefined: PieceTrie?
  let seams: Seams
  /// Whether some pieces only help to make others.
  let hasUnused: Bool

  init(
    vocabulary: Vocabulary, scores: [Float], algorithm: SentencePieceFile.Algorithm,
    unknown: Int32, bytes: [Int32]?, userDefined: PieceTrie?
  ) {
    texts = vocabulary.texts
    kinds = vocabulary.kinds
    ranks = scores.map(Self.rank)
    self.algorithm = algorithm
    self.unknown = unknown
    self.bytes = bytes
    self.userDefined = userDefined
    hasUnused = kinds.contains(.unused)
    seams = Seams(vocabulary)
  }

  /// Puts scores in order, the highest first; of numbers that are equal only the zeros differ, as in the original.
  private static func rank(_ score: Float) -> UInt32 {
    let bits = score.bitPattern
    return bits >> 31 == 1 ? bits & 0x7FFF_FFFF | 0x8000_0000 : 0x7FFF_FFFF - bits
  }

  /// The piece with a text that merges can make, or -1.
  @inline(__always)
  func mergeable(_ text: UnsafeBufferPointer<UInt8>) -> Int32 {
    guard let id = texts.number(of: text) else { return -1 }
    switch kinds[id] {
    case .normal, .userDefined, .unused: return Int32(truncatingIfNeeded: id)
    default: return -1
    }
  }

  /// Appends the bytes of a text that is no piece, or the token for what is unknown.
  func emitUnknown(_ text: UnsafeBufferPointer<UInt8>, into output: inout [Int32]) {
    if let bytes {
      for byte in text { output.append(bytes[Int(byte)]) }
    } else if unknown >= 0 {
      output.append(unknown)
    }
  }
}
