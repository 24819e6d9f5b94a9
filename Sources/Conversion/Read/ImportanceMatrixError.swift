public import MappedFiles
public import SystemPackage
import TensorCore

/// Why a file is no importance matrix, or not one of this model.
public struct ImportanceMatrixError: FileProblem {
  public enum Reason: Sendable, Hashable {
    case notAMatrix
    case empty
    case truncated
    case noCounts
    case notSinglePrecision
    case uneven(values: Int, matrices: Int)
    case badValue(Float, index: Int)
    case mismatch(expected: Int, found: Int)
    /// No entry is of a tensor that is to be quantized.
    case otherModel(entries: Int, example: String)
  }

  public let path: FilePath?
  public let entry: String?
  public let byteOffset: Int?
  public let reason: Reason

  public init(
    _ reason: Reason, path: FilePath?, entry: String? = nil, byteOffset: Int? = nil
  ) {
    self.reason = reason
    self.path = path
    self.entry = entry
    self.byteOffset = byteOffset
  }
}

extension ImportanceMatrixError: CustomStringConvertible {
  public var description: String {
    var places: [String] = []
    if let entry { places.append("entry \(entry.printable)") }
    if let byteOffset { places.append("byte \(byteOffset)") }
    let place = places.isEmpty ? "" : " (\(places.joined(separator: ", ")))"
    return "\(reason)\(place)"
  }
}

extension ImportanceMatrixError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notAMatrix: "not an importance matrix, neither as GGUF nor in the older form"
    case .empty: "the importance matrix has no entries"
    case .truncated: "the file ends inside the importance matrix"
    case .noCounts: "sums without counts"
    case .notSinglePrecision: "expected sums and counts in F32"
    case .uneven(let values, let matrices):
      "\(values) values do not fall into \(matrices) matrices"
    case .badValue(let value, let index):
      "expected weights of 0 or more, found \(value) at \(index)"
    case .mismatch(let expected, let found):
      "expected \(expected) weights for the tensor, found \(found)"
    case .otherModel(let entries, let example):
      "the matrix is of another model: none of its \(entries) entries is of a tensor to be quantized, "
        + "such as \(example.printable)"
    }
  }
}
