/// What is wrong with a SentencePiece model file.
public enum SentencePieceError: Error, Sendable, Hashable {
  /// A field goes beyond the message that holds it.
  case truncated(offset: Int, needed: UInt64, left: Int)
  /// No field of a protocol-buffers message starts here.
  case badField(offset: Int)
  case wrongFieldType(field: String, offset: Int)
  case noPieces
  case emptyPiece(id: Int)
  case pieceTooLong(id: Int, length: Int, limit: Int)
  case nullInPiece(id: Int)
  case badScore(id: Int)
  case badBytePiece(id: Int, text: String)
  /// A model that falls back to bytes must have all 256 of them.
  case missingByte(UInt8)
  case noUnknown
  case severalUnknown(first: Int, second: Int)
  case unknownModelType(Int)
  /// The table of character replacements.
  case badCharsmap(why: String)
}

extension SentencePieceError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let offset, let needed, let left):
      "a field at byte \(offset) needs \(needed) bytes, \(left) are left"
    case .badField(let offset): "no field starts at byte \(offset)"
    case .wrongFieldType(let field, let offset):
      "\(field) at byte \(offset) has another type than in sentencepiece_model.proto"
    case .noPieces: "there are no pieces"
    case .emptyPiece(let id): "piece \(id) is empty"
    case .pieceTooLong(let id, let length, let limit):
      "piece \(id) has \(length) bytes, \(limit) are allowed"
    case .nullInPiece(let id): "piece \(id) holds a null character"
    case .badScore(let id): "the score of piece \(id) is no finite number"
    case .badBytePiece(let id, let text): "byte piece \(id) is \"\(text)\", not <0x00> to <0xFF>"
    case .missingByte(let byte): "there is no piece for byte \(byte)"
    case .noUnknown: "there is neither an unknown piece nor pieces for bytes"
    case .severalUnknown(let first, let second): "pieces \(first) and \(second) are both unknown"
    case .unknownModelType(let type): "model type \(type) is none of 1 to 4"
    case .badCharsmap(let why): "precompiled_charsmap: \(why)"
    }
  }
}
