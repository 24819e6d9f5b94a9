public import GGUF
import MappedFiles
import Safetensors
public import SystemPackage
public import TensorCore
import Tokenizers

/// What is in a checkpoint, from its headers alone.
public struct Inspection: Sendable {
  public struct Tensor: Sendable, Hashable {
    public let name: String
    public let type: TensorType
    /// Outermost first.
    public let shape: Shape
    /// Bytes from the start of its file.
    public let offset: Int
    public let byteCount: Int
    /// The file that holds it, when the checkpoint has several.
    public let file: String?
  }

  /// `gguf` or `safetensors`; `huggingface` for a folder.
  public let format: String
  /// GGUF's own version number.
  public let version: Int?
  /// `llama` of a GGUF, `LlamaForCausalLM` of a folder.
  public let architecture: String?
  /// In file order. For safetensors these are the strings of `__metadata__`.
  public let metadata: [(key: String, value: GGUFValue)]
  /// In the order of the header.
  public let tensors: [Tensor]
  /// Bytes that data offsets are multiples of; a single GGUF only.
  public let alignment: Int?
  /// Bytes from the start of the file to the tensor data; single files only.
  public let dataOffset: Int?
  /// Files that hold the tensors.
  public let fileCount: Int
  /// Bytes of all files.
  public let byteCount: Int
  /// Of the numbers in the file.
  public let byteOrder: ByteOrder
  /// What the metadata or `config.json` say of the model.
  public let outline: Outline
  public let tokenizer: TokenizerFacts?
  let bytes: TensorBytes

  /// How the weights of a folder are quantized: `gptq, 4 bits, groups of 128`.
  public private(set) var quantization: String?
  private var unpackedCount: Int?

  /// Number of elements of all tensors, as the model knows them.
  public var parameterCount: Int {
    unpackedCount ?? tensors.reduce(0) { $0 + $1.shape.elementCount }
  }

  /// Bits of tensor data for each element.
  public var bitsPerWeight: Double {
    let bytes = tensors.reduce(0) { $0 + $1.byteCount }
    return parameterCount == 0 ? 0 : Double(bytes) * 8 / Double(parameterCount)
  }

  /// Reads the headers at `path`: a GGUF or any part of a split one, a safetensors file, a shard index or a folder.
  ///
  /// - Throws: the container's error, or ``UnreadableCheckpoint``.
  public init(_ path: FilePath) throws {
    switch try FileKind(of: path) {
    case .gguf: self.init(try GGUFSet(path))
    case .safetensors: self.init(try SafetensorsFile(path))
    case .folder:
      do {
        try self.init(folder: path)
      } catch let error as SafetensorsError {
        try Checkpoint.refuseOtherWeights(in: path)
        throw error
      }
    case .unknown where path.lastComponent?.string.hasSuffix(".index.json") == true:
      try self.init(SafetensorsCheckpoint(path), folder: path.folder)
    case .pytorch: throw UnreadableCheckpoint(path: path, reason: .pytorch)
    case .unknown: throw UnreadableCheckpoint(path: path, reason: .unknownFormat)
    }
  }

  private init(_ gguf: GGUFSet) {
    let single = gguf.files.count == 1 ? gguf.files[0] : nil
    format = "gguf"
    version = Int(gguf.files[0].version)
    // A file by itself is shown as it is, whatever it says of a set.
    metadata = (single?.metadata ?? gguf.metadata).entries
    architecture = gguf.metadata.string("general.architecture")
    alignment = single?.alignment
    dataOffset = single?.dataOffset
    fileCount = gguf.files.count
    byteCount = gguf.files.reduce(0) { $0 + $1.file.byteCount }
    byteOrder = gguf.files[0].byteOrder
    outline = Outline(gguf.metadata)
    tokenizer = TokenizerFacts(gguf.metadata)
    bytes = TensorBytes(source: .gguf(gguf))
    tensors = gguf.tensors.map {
      let file = single == nil ? gguf.file(of: $0).file.path.lastComponent?.string : nil
      return Tensor(
        name: $0.name, type: $0.type, shape: $0.shape, offset: $0.offset, byteCount: $0.byteCount,
        file: file)
    }
  }

  private init(_ file: SafetensorsFile) {
    format = "safetensors"
    version = nil
    architecture = nil
    metadata = file.metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }
    alignment = nil
    dataOffset = file.dataOffset
    fileCount = 1
    byteCount = file.file.byteCount
    byteOrder = .little
    outline = Outline()
    tokenizer = nil
    bytes = TensorBytes(source: .file(file))
    tensors = file.tensors.map { Tensor($0, in: nil) }
  }

  private init(folder path: FilePath) throws {
    try self.init(SafetensorsCheckpoint(path), folder: path)
    do {
      guard let file = try JSONFile.ifPresent(path.appending("config.json")),
        let format = try QuantizedFormat(of: file)
      else { return }
      quantization = format.summary
      unpackedCount = try SafetensorsCheckpoint(path).storedTensors(format, path: path).reduce(0) {
        $0 + $1.shape.elementCount
      }
    } catch let error as CheckpointError {
      // What no conversion reads can still be looked at.
      quantization = error.description
    }
  }

  /// - Parameter folder: Where `config.json` and the tokenizer lie, when they are there.
  private init(_ checkpoint: SafetensorsCheckpoint, folder: FilePath) throws {
    format = "huggingface"
    version = nil
    let config = try FileSystem.bytesIfPresent(folder.appending("config.json"))
      .flatMap { try? JSONValue(parsing: $0) }
    architecture =
      config?["architectures"]?.array?.first?.string ?? config?["model_type"]?.string
    outline = config.map { Outline(config: $0) } ?? Outline()
    tokenizer = TokenizerFacts(folder: folder)
    byteOrder = .little
    bytes = TensorBytes(source: .safetensors(checkpoint))
    var merged: [String: String] = [:]
    for shard in checkpoint.shards { merged.merge(shard.metadata) { first, _ in first } }
    metadata = merged.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }
    alignment = nil
    dataOffset = nil
    fileCount = checkpoint.shards.count
    byteCount = checkpoint.shards.reduce(0) { $0 + $1.file.byteCount }
    tensors = checkpoint.tensors.map { shard, tensor in
      Tensor(tensor, in: checkpoint.shards[shard].file.path.lastComponent?.string)
    }
  }
}

extension Inspection.Tensor {
  fileprivate init(_ tensor: SafetensorsTensor, in file: String?) {
    self.init(
      name: tensor.name, type: tensor.type, shape: tensor.shape, offset: tensor.offset,
      byteCount: tensor.byteCount, file: file)
  }
}

/// A path that holds no checkpoint this program reads.
public struct UnreadableCheckpoint: FileProblem {
  public enum Reason: Sendable, Hashable {
    case pytorch
    case unknownFormat
  }

  public let path: FilePath?
  public let reason: Reason
}

extension UnreadableCheckpoint: CustomStringConvertible {
  public var description: String {
    switch reason {
    case .pytorch:
      "a PyTorch file holds code and is not read; save the model as safetensors first"
    case .unknownFormat:
      "expected GGUF, safetensors or a folder that holds them; the first bytes are neither's"
    }
  }
}
