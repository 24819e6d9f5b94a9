public import Safetensors
import SystemPackage
public import TensorCore
import Tokenizers

/// The Hugging Face folder that a checkpoint makes: its text files, and what goes into each shard.
///
/// A value known from headers alone; whoever writes the folder reads the tensors from their sources.
public struct HuggingFaceFolder: Sendable {
  /// A file of text, whole.
  public struct TextFile: Sendable {
    public let name: String
    public let bytes: [UInt8]
  }

  /// A safetensors file.
  public struct Shard: Sendable {
    public let name: String
    /// Where every tensor lies, in the order of the data.
    public let layout: SafetensorsLayout
    /// The sources under the names of `layout`, in the same order.
    public let tensors: [CheckpointTensor]
  }

  public let textFiles: [TextFile]
  public let shards: [Shard]
  public let warnings: [String]

  /// Hugging Face's own limit.
  public static let defaultShardByteCount = 5_000_000_000

  /// - Parameters:
  ///   - type: F32, F16 or BF16; `nil` for the type that most weights have, BF16 where they are quantized.
  ///     Vectors of a GGUF that would lose something keep single precision, as every GGUF keeps them; so do
  ///     those of a folder when the type is `nil`.
  ///   - maxShardByteCount: Bytes of tensors in a shard, unless a single one has more.
  ///   - maxShardTensorCount: Tensors in a shard.
  ///   - isGeneric: Let a model of an architecture that is not known keep the names of its tensors, with a
  ///     `config.json` that says little.
  /// - Throws: ``CheckpointError`` when the model or its tokenizer has no place in such a folder.
  public init(
    of checkpoint: Checkpoint, type: TensorType? = nil,
    maxShardByteCount: Int = HuggingFaceFolder.defaultShardByteCount,
    maxShardTensorCount: Int? = nil, isGeneric: Bool = false
  ) throws {
    let path = checkpoint.path
    let plain = type ?? checkpoint.plainType
    let keepsExact = type == nil || checkpoint.origin == .gguf
    let tensors: [FolderTensors.Entry]
    var files: [TextFile]
    if let architecture = Architecture(of: checkpoint) {
      let decoder = try DecoderConfig(checkpoint, architecture: architecture, path: path)
      tensors = try FolderTensors(architecture, decoder, path: path).tensors(
        of: checkpoint, type: plain, keepsExact: keepsExact)
      files =
        if checkpoint.origin == .huggingFace, let path {
          try Self.copies(from: path, type: plain, feedForwardWidth: decoder.feedForwardWidth)
        } else {
          try Self.texts(checkpoint, architecture, decoder, type: plain, path: path)
        }
    } else if isGeneric {
      tensors = try FolderTensors.unchanged(checkpoint, type: plain, keepsExact: keepsExact)
      files = try Self.genericTexts(checkpoint, type: plain)
    } else {
      throw CheckpointError(
        .unknownArchitecture(checkpoint.architecture, known: Architecture.names), path: path)
    }
    shards = try Self.split(
      tensors, maxByteCount: max(1, maxShardByteCount), maxTensorCount: maxShardTensorCount ?? .max)
    if shards.count > 1 {
      files.append(
        TextFile(
          name: SafetensorsCheckpoint.indexName,
          bytes: ShardSet.index(shards.map { ($0.name, $0.layout) })))
    }
    textFiles = files.sorted { $0.name < $1.name }
    warnings = checkpoint.warnings
  }

  private static func texts(
    _ checkpoint: Checkpoint, _ architecture: Architecture, _ decoder: DecoderConfig,
    type: TensorType, path: FilePath?
  ) throws -> [TextFile] {
    let config = ConfigWriter(
      architecture: architecture, decoder: decoder, metadata: checkpoint.metadata, type: type,
      tensors: Set(checkpoint.tensors.map(\.name)))
    let tokenizer = try TokenizerWriter(
      checkpoint.metadata, architecture: architecture, path: path)
    return [
      TextFile(name: "config.json", bytes: config.config.text),
      TextFile(name: "README.md", bytes: Array(CardWriter(checkpoint.metadata).text.utf8)),
      TextFile(name: "generation_config.json", bytes: config.generation.text),
    ] + tokenizer.files(contextLength: decoder.contextLength)
  }

  // MARK: Shards

  private static func split(
    _ tensors: [FolderTensors.Entry], maxByteCount: Int, maxTensorCount: Int
  ) throws -> [Shard] {
    var groups: [[FolderTensors.Entry]] = [[]]
    var byteCount = 0
    for entry in tensors {
      let isFull =
        byteCount + entry.byteCount > maxByteCount
        || groups[groups.count - 1].count >= maxTensorCount
      if byteCount > 0, isFull {
        groups.append([])
        byteCount = 0
      }
      groups[groups.count - 1].append(entry)
      byteCount += entry.byteCount
    }
    return try groups.enumerated().map { number, group in
      let layout = try SafetensorsLayout(
        metadata: ["format": "pt"],
        tensors: group.map { ($0.tensor.name, $0.type, $0.tensor.shape) })
      let byName = Dictionary(
        group.map { ($0.tensor.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
      return Shard(
        name: ShardSet.name("model", number: number + 1, of: groups.count), layout: layout,
        tensors: layout.tensors.compactMap { byName[$0.name] })
    }
  }
}
