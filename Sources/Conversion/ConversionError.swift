public import MappedFiles
public import SystemPackage
public import TensorCore

/// Why a conversion cannot be planned or finished.
public struct ConversionError: FileProblem {
  public enum Reason: Sendable, Hashable {
    case destinationIsSource
    case destinationHoldsSource
    /// Two outputs of one run have the same name.
    case sameDestination
    case destinationIsNoCheckpoint
    case destinationExists
    /// The folder holds something that a checkpoint of ours would not.
    case destinationHoldsOther(String)
    case unknownDestinationFormat
    case wantsFolder
    /// One part of a set, while nothing says how large the parts are.
    case namesPart
    case safetensorsAreLittleEndian
    case alreadyQuantized(TensorType)
    case cannotDecode(TensorType)
    case cannotEncode(TensorType)
    case needsImportance(TensorType)
    /// The importance matrix that was given does not know the tensor.
    case notInMatrix(TensorType, matrix: String)
    case notStorable(TensorType, in: String)
    case nonFinite(value: Float, index: Int)
    /// A finite value that the type turns into infinity.
    case overflow(value: Float, index: Int, TensorType)
    case quantizedFolder(String)
    case cannotPad(PaddingObstacle)
  }

  public let path: FilePath?
  public let tensor: String?
  public let reason: Reason

  public init(_ reason: Reason, path: FilePath? = nil, tensor: String? = nil) {
    self.reason = reason
    self.path = path
    self.tensor = tensor
  }
}

extension ConversionError: CustomStringConvertible {
  public var description: String {
    let place = tensor.map { " (tensor \($0.printable))" } ?? ""
    return "\(reason)\(place)"
  }
}

extension ConversionError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .destinationIsSource: "the destination is the source"
    case .sameDestination:
      "two outputs of this run would be written here"
    case .destinationHoldsSource: "the destination is a folder that holds the source"
    case .destinationIsNoCheckpoint:
      "a folder with other things in it (no config.json), which is not replaced"
    case .destinationExists: "already exists; --overwrite replaces it"
    case .destinationHoldsOther(let name):
      "the folder also holds \(name.printable), which --overwrite would delete; move it away first"
    case .unknownDestinationFormat:
      "expected a destination that ends in .gguf, in .safetensors or, for a folder, in /"
    case .wantsFolder:
      "a GGUF becomes a Hugging Face folder: give a destination that ends in /"
    case .namesPart:
      "the name of one part of a set; --max-shard-size or --max-shard-tensors makes a set"
    case .safetensorsAreLittleEndian:
      "safetensors are little-endian; only a .gguf can be big-endian"
    case .alreadyQuantized(let type):
      "already quantized to \(type), and quantizing again loses more; --allow-requantize does it"
    case .cannotDecode(let type): "\(type) cannot be decoded"
    case .cannotEncode(let type): "\(type) cannot be written yet"
    case .needsImportance(let type): "\(type) needs an importance matrix: give one with --imatrix"
    case .notInMatrix(let type, let matrix):
      "\(type) needs importance, and \(matrix.printable) has no entry of this tensor"
    case .notStorable(let type, let format): "\(format) cannot hold \(type)"
    case .nonFinite(let value, let index):
      "expected finite values, found \(value) at element \(index); --allow-non-finite keeps them"
    case .overflow(let value, let index, let type):
      "\(value) at element \(index) is beyond what \(type) holds; BF16 holds it, "
        + "--allow-non-finite makes it infinite"
    case .quantizedFolder(let name):
      "a Hugging Face folder holds plain floats: expected F32, F16 or BF16, found \(name)"
    case .cannotPad(let obstacle): "rows cannot be padded: \(obstacle)"
    }
  }
}
