/// Why a tokenizer cannot be made from what a checkpoint says.
public enum TokenizerError: Error, Sendable, Hashable {
  /// A key of the GGUF metadata, or a path inside `tokenizer.json`, that must be there and is not.
  case missing(key: String)
  /// The value is there and is something else.
  case wrongType(key: String, expected: String)
  /// Two arrays that must be equally long are not.
  case countMismatch(key: String, expected: Int, found: Int)
  /// The format allows it, this library does not have it.
  case unsupported(key: String, value: String)
  /// `tokenizer.ggml.pre` names no pre-tokenizer that is known.
  case unknownPreTokenizer(name: String)
  /// A regular expression that cannot be read.
  case badPattern(pattern: String, why: String)
  case duplicateToken(text: String, first: Int, second: Int)
  /// A token id below zero, or beyond what any vocabulary has.
  case idOutOfRange(key: String, id: Int, limit: Int)
  /// A merge whose parts or whole are not in the vocabulary.
  case unknownMerge(index: Int, left: String, right: String)
  /// The text is not JSON.
  case malformedJSON(JSONError)
  /// A line of a tiktoken file that says something else.
  case malformedRank(line: Int, expected: String)
  /// A tiktoken file that gives a rank twice.
  case duplicateRank(Int, line: Int)
  /// A tiktoken file in which a byte is no token, so that not every text has tokens.
  case missingByte(UInt8)
  /// A tiktoken file of which nothing says how it cuts text into words.
  case unknownEncoding(known: [String])
  /// The file is no SentencePiece model.
  case malformedSentencePiece(SentencePieceError)
  /// There is no chat template, and the vocabulary has no `<|im_start|>` to fall back on.
  case noChatTemplate
}

extension TokenizerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing(let key): "tokenizer: \(key) is missing"
    case .wrongType(let key, let expected): "tokenizer: \(key) is not \(expected)"
    case .countMismatch(let key, let expected, let found):
      "tokenizer: \(key) has \(found) entries, expected \(expected)"
    case .unsupported(let key, let value): "tokenizer: \(key) \"\(value)\" is not supported"
    case .unknownPreTokenizer(let name): "tokenizer: unknown pre-tokenizer \"\(name)\""
    case .badPattern(let pattern, let why): "tokenizer: pattern \"\(pattern)\": \(why)"
    case .duplicateToken(let text, let first, let second):
      "tokenizer: \"\(text)\" is both token \(first) and token \(second)"
    case .idOutOfRange(let key, let id, let limit):
      "tokenizer: \(key): token id \(id) is outside 0..<\(limit)"
    case .unknownMerge(let index, let left, let right):
      "tokenizer: merge \(index), \"\(left)\" with \"\(right)\", is not in the vocabulary"
    case .malformedJSON(let error): "tokenizer: \(error)"
    case .malformedRank(let line, let expected): "line \(line): expected \(expected)"
    case .duplicateRank(let rank, let line): "line \(line): a second token of rank \(rank)"
    case .missingByte(let byte): "no token is the byte \(byte) alone"
    case .unknownEncoding(let known):
      "nothing here says how these tokens cut text into words; expected a pattern, or one of "
        + known.joined(separator: ", ")
    case .malformedSentencePiece(let error): "tokenizer: \(error)"
    case .noChatTemplate: "the model has no chat template and no <|im_start|> token"
    }
  }
}
