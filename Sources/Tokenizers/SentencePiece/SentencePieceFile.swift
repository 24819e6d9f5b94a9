package import GGUF

/// What a `tokenizer.model` says.
///
/// - Source: `sentencepiece_model.proto` of SentencePiece 0.2.3, which also gives the defaults.
package struct SentencePieceFile: Sendable {
  package enum Algorithm: Int, Sendable {
    case unigram = 1
    case bytePair = 2
    case word = 3
    case character = 4
  }

  /// How text is normalized, or what is done to decoded text.
  package struct Normalization: Sendable {
    package var charsmap: [UInt8] = []
    package var addsDummyPrefix = true
    package var removesExtraWhitespace = true
    package var escapesWhitespace = true

    package init() {}
  }

  /// Longer pieces are refused, as the original refuses them.
  static let longestPiece = 7999

  package private(set) var texts = GGUFTextList()
  package private(set) var scores: [Float] = []
  private(set) var kinds: [Vocabulary.Kind] = []
  package private(set) var algorithm = Algorithm.unigram
  package private(set) var normalization = Normalization()
  package private(set) var denormalization: Normalization?
  package private(set) var fallsBackToBytes = false
  package private(set) var treatsWhitespaceAsSuffix = false
  /// The ids of the pieces that start and end a text; negative when there is none.
  package private(set) var bos = 1
  package private(set) var eos = 2
  /// What an unknown piece decodes to.
  package private(set) var unknownSurface = Array(" \u{2047} ".utf8)

  package init(_ bytes: [UInt8]) throws(SentencePieceError) {
    // Typed errors do not pass `withUnsafeBufferPointer`.
    var failure: SentencePieceError?
    bytes.withUnsafeBufferPointer { bytes in
      do throws(SentencePieceError) { try read(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    try check()
  }

  package var count: Int { kinds.count }

  /// A piece with the number of its type, which is that of `tokenizer.ggml.token_type`.
  package struct Piece: Sendable {
    package var id: Int
    package var text: String
    package var score: Float
    package var kind: UInt8

    package init(id: Int, text: String, score: Float, kind: UInt8) {
      (self.id, self.text, self.score, self.kind) = (id, text, score, kind)
    }
  }

  package var pieces: [Piece] {
    var pieces: [Piece] = []
    pieces.reserveCapacity(count)
    texts.forEach { bytes, range in
      let id = pieces.count
      let text = String(decoding: bytes[range], as: UTF8.self)
      pieces.append(Piece(id: id, text: text, score: scores[id], kind: kinds[id].rawValue))
    }
    return pieces
  }

  // MARK: Reading

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(SentencePieceError) {
    var reader = WireReader(bytes, in: 0..<bytes.count)
    while let field = try reader.next() {
      guard [1, 2, 3, 5].contains(field.number) else { continue }
      guard case .bytes(let range) = field.value else {
        throw .wrongFieldType(field: "field \(field.number)", offset: reader.place)
      }
      switch field.number {
      case 1: try readPiece(bytes, range)
      case 2: try readTrainer(bytes, range)
      case 3: try readNormalization(bytes, range, into: &normalization)
      default:
        var own = denormalization ?? Normalization()
        try readNormalization(bytes, range, into: &own)
        denormalization = own
      }
    }
  }

  private mutating func readPiece(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
  ) throws(SentencePieceError) {
    var reader = WireReader(bytes, in: range)
    var text = 0..<0
    var score: Float = 0
    var kind = Vocabulary.Kind.normal
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let range)): text = range
      case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
      // As the original, a type that there is not leaves the piece as it was.
      case (3, .varint(let number)):
        kind = UInt8(exactly: number).flatMap(Vocabulary.Kind.init) ?? kind
      case (1...3, _): throw .wrongFieldType(field: "piece", offset: reader.place)
      default: break
      }
    }
    texts.append(bytes[text])
    scores.append(score)
    kinds.append(kind == .undefined ? .normal : kind)
  }

  private mutating func readTrainer(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
  ) throws(SentencePieceError) {
    var reader = WireReader(bytes, in: range)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (3, .varint(let number)):
        guard let type = Int(exactly: number).flatMap(Algorithm.init) else {
          throw .unknownModelType(Int(truncatingIfNeeded: number))
        }
        algorithm = type
      case (24, .varint(let flag)): treatsWhitespaceAsSuffix = flag != 0
      case (35, .varint(let flag)): fallsBackToBytes = flag != 0
      case (41, .varint(let id)): bos = Int(Int32(truncatingIfNeeded: id))
      case (42, .varint(let id)): eos = Int(Int32(truncatingIfNeeded: id))
      case (44, .bytes(let range)): unknownSurface = Array(bytes[range])
      case (3, _), (24, _), (35, _), (41, _), (42, _), (44, _):
        throw .wrongFieldType(field: "trainer_spec", offset: reader.place)
      default: break
      }
    }
  }

  private func readNormalization(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into spec: inout Normalization
  ) throws(SentencePieceError) {
    var reader = WireReader(bytes, in: range)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (2, .bytes(let range)): spec.charsmap = Array(bytes[range])
      case (3, .varint(let flag)): spec.addsDummyPrefix = flag != 0
      case (4, .varint(let flag)): spec.removesExtraWhitespace = flag != 0
      case (5, .varint(let flag)): spec.escapesWhitespace = flag != 0
      case (2...5, _): throw .wrongFieldType(field: "normalizer_spec", offset: reader.place)
      default: break
      }
    }
  }

  // MARK: Checking

  /// What the original checks before it takes a model.
  private func check() throws(SentencePieceError) {
    guard !kinds.isEmpty else { throw .noPieces }
    var unknown: Int?
    var hasByte = [Bool](repeating: false, count: 256)
    var id = 0
    try texts.forEach { (bytes, range) throws(SentencePieceError) in
      defer { id += 1 }
      guard !range.isEmpty else { throw .emptyPiece(id: id) }
      guard range.count <= Self.longestPiece else {
        throw .pieceTooLong(id: id, length: range.count, limit: Self.longestPiece)
      }
      // One that stands for nothing fills a hole in the numbers.
      let isHole = range.count == 1 && bytes[range.lowerBound] == 0 && kinds[id] == .unused
      guard isHole || !bytes[range].contains(0) else { throw .nullInPiece(id: id) }
      guard scores[id].isFinite else { throw .badScore(id: id) }
      switch kinds[id] {
      case .unknown:
        if let first = unknown { throw .severalUnknown(first: first, second: id) }
        unknown = id
      case .byte:
        guard let byte = ByteToken.value(Array(bytes[range])[...]) else {
          throw .badBytePiece(id: id, text: String(decoding: bytes[range], as: UTF8.self))
        }
        hasByte[Int(byte)] = true
      default: break
      }
    }
    if fallsBackToBytes, let missing = hasByte.firstIndex(of: false) {
      throw .missingByte(UInt8(missing))
    }
    guard unknown != nil || fallsBackToBytes else { throw .noUnknown }
  }
}
