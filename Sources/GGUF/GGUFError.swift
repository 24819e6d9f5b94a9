public import MappedFiles
public import SystemPackage
public import TensorCore

/// Why bytes are not a GGUF file, or values do not make one.
public struct GGUFError: FileProblem, Hashable {
  public enum Reason: Hashable, Sendable {
    case badMagic(found: UInt32)
    case unsupportedVersion(UInt32)
    case truncated(what: String, needed: UInt64, available: Int)
    case countTooLarge(what: String, count: UInt64, available: Int)
    case unknownValueType(UInt32)
    case nestedTooDeeply(limit: Int)
    case invalidBool(UInt8)
    case notUTF8(what: String)
    case emptyKey
    case duplicateKey
    case duplicateTensor
    case badAlignment(GGUFValue)
    case tooManyDimensions(UInt32, limit: Int)
    case badShape(ShapeError)
    case extentTooLarge(UInt64)
    case retiredType(id: UInt32, name: String)
    case unknownType(id: UInt32)
    case misalignedOffset(UInt64, alignment: Int)
    case dataOutOfBounds(needed: Int, available: Int)
    case dataOverlap(with: String)
    case typeNotInGGUF(TensorType)
    case nameTooLong(byteCount: Int, limit: Int)
    case headerTooLong(byteCount: Int, available: Int)

    // MARK: Sets of files
    case missingPart(Int, of: Int)
    /// A part of a set whose name does not say where the others are.
    case notAPartName(count: Int)
    /// A key that does not fit the rest of the set.
    case splitMismatch(expected: String, found: String)
    case tensorInOtherPart(String)
    case tooManyParts(Int, limit: Int)
  }

  public var path: FilePath?
  /// Bytes from the start of the file to what is wrong.
  public var byteOffset: Int?
  public var key: String?
  public var tensor: String?
  public let reason: Reason

  public init(
    _ reason: Reason, at byteOffset: Int? = nil, key: String? = nil, tensor: String? = nil
  ) {
    self.reason = reason
    self.byteOffset = byteOffset
    self.key = key
    self.tensor = tensor
  }
}

extension GGUFError {
  /// The same error, said of the file at `path`.
  public func located(in path: FilePath) -> Self {
    var error = self
    error.path = path
    return error
  }
}

extension GGUFError: CustomStringConvertible {
  public var description: String {
    var places: [String] = []
    if let tensor { places.append("tensor \(tensor.printable)") }
    if let key { places.append("key \(key.printable)") }
    if let byteOffset { places.append("byte \(byteOffset)") }
    let place = places.isEmpty ? "" : " (\(places.joined(separator: ", ")))"
    return "\(reason)\(place)"
  }
}

extension GGUFError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .badMagic(let found):
      "not a GGUF file: expected the magic 47475546 (GGUF), found \(hex(found.byteSwapped))"
    case .unsupportedVersion(1):
      "GGUF version 1 counts in 32 bits and was replaced in 2023; expected version 2 or 3, "
        + "make the file again from its source"
    case .unsupportedVersion(let version):
      "GGUF version \(version) is not supported, expected 2 or 3"
    case .truncated(let what, let needed, let available):
      "the file ends inside \(what): expected \(needed) bytes, found \(available)"
    case .countTooLarge(let what, let count, let available):
      "\(count) \(what) cannot fit in the \(available) bytes that are left"
    case .unknownValueType(let id):
      "unknown metadata value type \(id), expected 0 to 12"
    case .nestedTooDeeply(let limit):
      "arrays are nested more than \(limit) deep"
    case .invalidBool(let value):
      "expected a bool of 0 or 1, found \(value)"
    case .notUTF8(let what):
      "\(what) is not UTF-8"
    case .emptyKey:
      "a key is empty"
    case .duplicateKey:
      "the key stands twice"
    case .duplicateTensor:
      "the tensor stands twice"
    case .badAlignment(let value):
      "expected general.alignment to be a power of two of type uint32, found "
        + "\(value) of type \(value.typeName)"
    case .tooManyDimensions(let count, let limit):
      "expected at most \(limit) dimensions, found \(count)"
    case .badShape(let error):
      "\(error)"
    case .extentTooLarge(let extent):
      "expected an extent below 2^63, found \(extent)"
    case .retiredType(let id, let name):
      "type \(name) (id \(id)) was retired from GGUF; make the file again from its source"
    case .unknownType(let id):
      "unknown tensor type id \(id), expected one of 0 to 42"
    case .misalignedOffset(let offset, let alignment):
      "expected a data offset that is a multiple of \(alignment), found \(offset)"
    case .dataOutOfBounds(let needed, let available):
      "the tensor's data ends beyond the file: expected \(needed) bytes, found \(available)"
    case .dataOverlap(let other):
      "the tensor's data overlaps that of \(other.printable)"
    case .typeNotInGGUF(let type):
      "GGUF has no type \(type)"
    case .nameTooLong(let byteCount, let limit):
      "expected a name of at most \(limit) bytes, found \(byteCount)"
    case .headerTooLong(let byteCount, let available):
      "the header would take \(byteCount) bytes, and \(available) lie before the data"
    case .missingPart(let number, let count):
      "part \(number) of \(count) is missing"
    case .notAPartName(let count):
      "a part of a set of \(count) files, which are found by their names: expected one such as "
        + GGUFPartName(stem: "NAME", number: 1, count: count).fileName
    case .splitMismatch(let expected, let found):
      "not a part of this set of files: expected \(expected), found \(found)"
    case .tensorInOtherPart(let other):
      "the tensor stands in \(other.printable) already"
    case .tooManyParts(let count, let limit):
      "expected at most \(limit) parts, found \(count); allow larger ones"
    }
  }

  private func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
