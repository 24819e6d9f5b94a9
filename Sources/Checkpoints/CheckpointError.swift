public import MappedFiles
public import SystemPackage
public import TensorCore
public import Tokenizers

/// Why a path is no checkpoint that can be converted or run.
public struct CheckpointError: FileProblem {
  public enum Reason: Sendable, Hashable {
    // MARK: What it is
    case noArchitecture
    case unknownArchitecture(String, known: [String])
    /// A folder without `config.json`.
    case noConfig
    /// A folder of GGUFs, with the name of one.
    case holdsGGUF(String)
    /// A file that is no checkpoint.
    case notACheckpoint
    /// A file that means something only together with its folder.
    case needsFolder
    /// Weights as pickles, which are code.
    case pytorch

    // MARK: Configuration
    case malformedJSON(JSONError)
    /// A key of `config.json` or of the metadata that is missing or means nothing.
    case badKey(String, expected: String, found: String)
    /// The key is understood, this program does not have what it asks for.
    case unsupported(key: String, value: String)

    // MARK: Quantized weights
    /// A method of quantization, or a variant of one, that is not known.
    case unknownQuantization(String, known: [String])
    /// A part of a quantized weight.
    case wrongCodes(tensor: String, expected: [TensorType], found: TensorType)
    case wrongRank(tensor: String, expected: Int, found: Shape)
    /// A column that is in a group that is none.
    case badGroup(tensor: String, column: Int, group: Int, count: Int)

    // MARK: Tensors
    case missingTensor(String)
    case unknownTensor(String)
    /// A second tensor that would be this one of a GGUF.
    case repeatedTensor(String)
    case wrongShape(tensor: String, expected: Shape, found: Shape)
    case wrongType(tensor: String, TensorType)
    /// An expert of another type than the first one of its layer.
    case mixedTypes(tensor: String, TensorType, expected: TensorType)
    /// Rows were added to a tensor that a folder keeps by columns or in turn with another.
    case cannotPad(tensor: String)
    /// Rows that do not fall into heads of an even size.
    case unevenHeads(tensor: String, rows: Int, heads: Int)

    // MARK: Tokenizer
    case noTokenizer
    case tokenizer(TokenizerError)
    /// A token beyond the rows of the embedding.
    case tokenOutOfRange(id: Int, rows: Int)
    /// Not the metadata of a byte-level tokenizer.
    case badTokenizer(key: String, why: String)
  }

  public let path: FilePath?
  public let reason: Reason

  public init(_ reason: Reason, path: FilePath?) {
    self.path = path
    self.reason = reason
  }
}

extension CheckpointError: CustomStringConvertible {
  public var description: String { reason.description }
}

extension CheckpointError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noArchitecture: "the metadata lack general.architecture"
    case .unknownArchitecture(let name, let known):
      "the architecture \(name.printable) is not known; known are \(known.joined(separator: ", "))"
    case .noConfig: "a folder without config.json is no Hugging Face checkpoint"
    case .holdsGGUF(let name):
      "a folder of GGUF files; give the file itself, such as \(name.printable)"
    case .notACheckpoint: "neither GGUF nor safetensors nor a Hugging Face folder"
    case .needsFolder:
      "there is no config.json beside it; give the folder of the whole checkpoint"
    case .pytorch:
      "weights in PyTorch's pickle format, which is code and is not run; save the model as "
        + "safetensors first (save_pretrained does)"
    case .malformedJSON(let error): "\(error)"
    case .badKey(let key, let expected, let found):
      "\(key.printable): expected \(expected), found \(found.printable)"
    case .unsupported(let key, let value):
      "\(key.printable) is \(value.printable), which is not supported"
    case .unknownQuantization(let found, let known):
      "the weights are quantized by \(found.printable), which is not read; read are "
        + known.joined(separator: ", ")
    case .wrongCodes(let tensor, let expected, let found):
      "the tensor \(tensor.printable) is \(found), expected "
        + expected.map(\.name).joined(separator: " or ")
    case .wrongRank(let tensor, let expected, let found):
      "the tensor \(tensor.printable) has the shape \(found), expected \(expected) extents above 0"
    case .badGroup(let tensor, let column, let group, let count):
      "the tensor \(tensor.printable) places column \(column) in group \(group), expected 0 to "
        + "\(count - 1)"
    case .missingTensor(let name): "the tensor \(name.printable) is missing"
    case .unknownTensor(let name):
      "the tensor \(name.printable) is none that this architecture has"
    case .repeatedTensor(let name): "two tensors would both be \(name.printable)"
    case .wrongShape(let tensor, let expected, let found):
      "the tensor \(tensor.printable) has the shape \(found), expected \(expected)"
    case .wrongType(let tensor, let type):
      "the tensor \(tensor.printable) is \(type), expected F32, F16 or BF16"
    case .mixedTypes(let tensor, let type, let expected):
      "the tensor \(tensor.printable) is \(type), expected \(expected) as in the experts before"
    case .cannotPad(let tensor):
      "the tensor \(tensor.printable) has rows of zeros, which a folder of this architecture does not keep"
    case .unevenHeads(let tensor, let rows, let heads):
      "the tensor \(tensor.printable) has \(rows) rows, which do not make \(heads) even heads"
    case .noTokenizer:
      "no tokenizer here: expected a GGUF, a tokenizer.json or a folder that holds one"
    case .tokenizer(let error): "\(error)"
    case .tokenOutOfRange(let id, let rows):
      "the tokenizer has a token \(id), the embedding only \(rows) rows"
    case .badTokenizer(let key, let why): "\(key.printable): \(why)"
    }
  }
}
