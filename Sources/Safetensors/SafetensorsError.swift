public import MappedFiles
public import SystemPackage
public import TensorCore

/// Why bytes are not a safetensors file, or values do not make one.
public struct SafetensorsError: FileProblem, Hashable {
  public enum Reason: Hashable, Sendable {
    case truncated(what: String, needed: UInt64, available: Int)
    case headerTooLarge(byteCount: UInt64, limit: Int)
    case headerTooLong(byteCount: Int, available: Int)
    case notUTF8
    case badJSON(expected: String, found: String)
    case nestedTooDeeply(limit: Int)
    case duplicateKey(String)
    case duplicateTensor
    case missingField(String)
    case unknownType(String)
    case badShape(ShapeError)
    case typeNotInSafetensors(TensorType)
    case byteCountMismatch(expected: Int, found: Int)
    case badOffsets(begin: UInt64, end: UInt64)
    case hole(expected: Int, found: Int)
    case trailingBytes(expected: Int, found: Int)
    case reservedName
    case shardOutsideFolder(String)
    case missingShardTensor(shard: String)
    case noCheckpoint
    /// So many files, and no index.
    case noIndex(fileCount: Int)
    case tensorInTwoShards(String)
  }

  public var path: FilePath?
  /// Bytes from the start of the file to what is wrong.
  public var byteOffset: Int?
  public var tensor: String?
  public let reason: Reason

  public init(_ reason: Reason, at byteOffset: Int? = nil, tensor: String? = nil) {
    self.reason = reason
    self.byteOffset = byteOffset
    self.tensor = tensor
  }
}

extension SafetensorsError {
  /// The same error, said of the file at `path`.
  public func located(in path: FilePath) -> Self {
    var error = self
    error.path = path
    return error
  }
}

extension SafetensorsError: CustomStringConvertible {
  public var description: String {
    var places: [String] = []
    if let tensor { places.append("tensor \(tensor.printable)") }
    if let byteOffset { places.append("byte \(byteOffset)") }
    let place = places.isEmpty ? "" : " (\(places.joined(separator: ", ")))"
    return "\(reason)\(place)"
  }
}

extension SafetensorsError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let what, let needed, let available):
      "the file ends inside \(what): expected \(needed) bytes, found \(available)"
    case .headerTooLarge(let byteCount, let limit):
      "expected a header of at most \(limit) bytes, found \(byteCount)"
    case .headerTooLong(let byteCount, let available):
      "the header would take \(byteCount) bytes, and \(available) lie before the data"
    case .notUTF8:
      "the header is not UTF-8"
    case .badJSON(let expected, let found):
      "malformed header: expected \(expected), found \(found.printable)"
    case .nestedTooDeeply(let limit):
      "the header is nested more than \(limit) deep"
    case .duplicateKey(let key):
      "the key \(key.printable) stands twice"
    case .duplicateTensor:
      "the tensor stands twice"
    case .missingField(let field):
      "the field \(field) is missing"
    case .unknownType(let name):
      "unknown dtype \(name.printable)"
    case .badShape(let error):
      "\(error)"
    case .typeNotInSafetensors(let type):
      "safetensors has no type \(type)"
    case .byteCountMismatch(let expected, let found):
      "shape and dtype need \(expected) bytes, data_offsets give \(found)"
    case .badOffsets(let begin, let end):
      "data_offsets [\(begin), \(end)] do not lie inside the file"
    case .hole(let expected, let found):
      "expected the tensor's data to begin at \(expected) of the data, found \(found)"
    case .trailingBytes(let expected, let found):
      "expected \(expected) bytes of tensor data, found \(found)"
    case .reservedName:
      "__metadata__ is no name for a tensor"
    case .shardOutsideFolder(let name):
      "the index names \(name.printable), which is not a file beside it"
    case .missingShardTensor(let shard):
      "the index places the tensor in \(shard.printable), which does not hold it"
    case .noCheckpoint:
      "no model.safetensors, no model.safetensors.index.json and no other .safetensors file here"
    case .noIndex(let count):
      "\(count) .safetensors files and no model.safetensors.index.json, which says what belongs together"
    case .tensorInTwoShards(let shard):
      "the tensor stands in two shards, one of them \(shard.printable)"
    }
  }
}
