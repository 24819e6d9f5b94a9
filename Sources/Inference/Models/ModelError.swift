public import TensorCore

/// Why a file's model cannot be run, or a run cannot go on.
public enum ModelError: Error, Hashable, Sendable {
  case unsupportedArchitecture(String, supported: [String])
  case missingKey(String)
  case bigEndian
  /// A metadata value of the wrong kind or out of range.
  case badValue(key: String, found: String, expected: String)
  case missingTensor(String)
  case wrongShape(tensor: String, found: Shape, expected: [Int])
  case unsupportedType(tensor: String, TensorType)
  case contextTooLong(asked: Int, limit: Int)
  /// `byteCount` is nil when it is beyond counting.
  case cacheDoesNotFit(contextLength: Int, type: CacheType, byteCount: Int?, available: Int)
  /// The machine has no memory for a copy of the weights.
  case weightsDoNotFit(byteCount: Int, available: Int)
  /// More tokens than the context has room for.
  case contextFull(contextLength: Int, position: Int, tokenCount: Int)
  case tokenOutOfRange(Int32, vocabularyCount: Int)
  case emptyPrompt
  /// Someone wanted no more while the prompt was read.
  case interrupted
  /// A logit is not a number: the weights are damaged or overflow.
  case notANumber(position: Int)
  case badSampling(parameter: String, found: String, expected: String)
}

extension ModelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupportedArchitecture(let name, let supported):
      "architecture '\(name)' cannot be run (supported: \(supported.joined(separator: ", ")))"
    case .bigEndian: "the file is big-endian; quern convert makes it little-endian"
    case .missingKey(let key): "metadata key '\(key)' is missing"
    case .badValue(let key, let found, let expected):
      "metadata key '\(key)' is \(found), expected \(expected)"
    case .missingTensor(let name): "tensor '\(name)' is missing"
    case .wrongShape(let tensor, let found, let expected):
      "tensor '\(tensor)' has shape \(found), expected \(expected)"
    case .unsupportedType(let tensor, let type):
      "tensor '\(tensor)' has type \(type), which no kernel can multiply"
    case .contextTooLong(let asked, let limit):
      "a context of \(asked) tokens exceeds the model's limit of \(limit)"
    case .cacheDoesNotFit(let length, let type, let bytes, let available):
      """
      a context of \(length) tokens takes \(bytes.map(Self.megabytes) ?? "more bytes than there are") \
      of \(type.tensorType) cache, this machine has \(Self.megabytes(available)) to give
      """
    case .weightsDoNotFit(let bytes, let available):
      """
      a copy in memory takes \(Self.megabytes(bytes)), this machine has \(Self.megabytes(available)) \
      to give
      """
    case .contextFull(let length, let position, let count):
      """
      \(count) more tokens do not fit a context of \(length) with \(position) in use
      """
    case .tokenOutOfRange(let token, let count):
      "token \(token) is not in the vocabulary of \(count)"
    case .emptyPrompt: "the prompt has no tokens"
    case .interrupted: "interrupted while the prompt was read"
    case .notANumber(let position):
      "the model gave a logit that is not a number at position \(position): its weights are damaged"
    case .badSampling(let parameter, let found, let expected):
      "\(parameter) is \(found), expected \(expected)"
    }
  }

  private static func megabytes(_ byteCount: Int) -> String {
    "\(byteCount / 1_000_000 + (byteCount % 1_000_000 == 0 ? 0 : 1)) MB"
  }
}
