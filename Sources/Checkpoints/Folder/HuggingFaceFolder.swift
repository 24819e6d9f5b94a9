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
  ///   - isGeneric: Let a model of an architecture that is not known keep the names of its tensors, with a
  ///     `config.json` that says little.
  /// - Throws: ``CheckpointError`` when the model or its tokenizer has no place in such a folder.
  public init(
    of checkpoint: Checkpoint, type: TensorType? = nil,
    maxShardByteCount: Int = HuggingFaceFolder.defaultShardByteCount, isGeneric: Bool = false
  ) throws {
    let path = checkpoint.path
    let plain = type ?? checkpoint.plainType
    let keepsExact = type == nil || checkpoint.origin == .gguf
    let tensors: [FolderTensors.Entry]
    var files: [TextFile]
    if let architecture = Architecture.named(checkpoint.architecture) {
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
    shards = try Self.split(tensors, maxShardByteCount: max(1, maxShardByteCount))
    if shards.count > 1 {
      files.append(
        TextFile(name: SafetensorsCheckpoint.indexName, bytes: Self.index(of: shards).text))
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
      TextFile(name: "special_tokens_map.json", bytes: tokenizer.specialTokens.text),
      TextFile(name: "tokenizer.json", bytes: tokenizer.tokenizer.text),
      TextFile(
        name: "tokenizer_config.json",
        bytes: tokenizer.settings(contextLength: decoder.contextLength).text),
    ]
  }

  // MARK: Shards

  private static func split(
    _ tensors: [FolderTensors.Entry], maxShardByteCount: Int
  ) throws -> [Shard] {
    var groups: [[FolderTensors.Entry]] = [[]]
    var byteCount = 0
    for entry in tensors {
      if byteCount > 0, byteCount + entry.byteCount > maxShardByteCount {
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
        name: name(ofShard: number + 1, of: groups.count), layout: layout,
        tensors: layout.tensors.compactMap { byName[$0.name] })
    }
  }

  private static func name(ofShard number: Int, of count: Int) -> String {
    guard count > 1 else { return SafetensorsCheckpoint.fileName }
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "model-\(padded(number))-of-\(padded(count)).safetensors"
  }

  private static func index(of shards: [Shard]) -> JSONValue {
    let tensors = shards.flatMap { shard in shard.layout.tensors.map { (shard.name, $0) } }
    let map = tensors.sorted { $0.1.name < $1.1.name }.map { shard, tensor in
      JSONValue.Member(tensor.name, .string(shard))
    }
    let parameters = tensors.reduce(0) { $0 + $1.1.shape.elementCount }
    let bytes = tensors.reduce(0) { $0 + $1.1.byteCount }
    return .members(
      (
        "metadata",
        .members(("total_parameters", .integer(parameters)), ("total_size", .integer(bytes)))
      ), ("weight_map", .object(map)))
  }
}
