import GGUF
import MappedFiles
import Safetensors
public import SystemPackage
import TensorCore

extension Checkpoint {
  /// A Hugging Face folder as the GGUF that it would make: metadata, tokenizer and tensors in GGUF's terms.
  ///
  /// Reads the JSON files and the headers of the shards, no tensor data. Metadata, their order and types
  /// are those of llama.cpp's `convert_hf_to_gguf.py`.
  ///
  /// - Parameters:
  ///   - path: The folder, or the file or shard index of its weights.
  ///   - isGeneric: Let tensors of an architecture that is not known keep their names.
  /// - Throws: ``CheckpointError``, `SafetensorsError` or `FileError`.
  public init(huggingFace path: FilePath, isGeneric: Bool = false) throws {
    let isFolder = try FileKind(of: path) == .folder
    let folder = isFolder ? path : path.folder
    guard let config = try JSONFile.ifPresent(folder.appending("config.json")) else {
      if isFolder { try Self.refuseOtherWeights(in: folder) }
      throw CheckpointError(isFolder ? .noConfig : .needsFolder, path: path)
    }
    let isKnown = Architecture.isKnown(config)
    guard isKnown || !isGeneric else {
      try self.init(generic: config, weights: Self.weights(at: path, in: folder))
      return
    }
    let architecture = try Architecture(of: config)
    let format = try QuantizedFormat(of: config)
    let decoder = try DecoderConfig(config, architecture: architecture)
    let weights = try Self.weights(at: path, in: folder)
    var warnings: [String] = []
    let stored = try weights.storedTensors(format, path: path)
    let tensors = try TensorTable(architecture, decoder, path: path).tensors(of: stored)
    try architecture.checkPromises(of: config, decoder, tensors)
    if let format { warnings += format.notes(on: stored) }
    let metadata = try Self.metadata(
      config, architecture, decoder, tensors: tensors, warnings: &warnings)
    warnings += try Self.losses(config, architecture, decoder)
    warnings += architecture.notes(decoder)
    self.init(
      origin: .huggingFace, architecture: architecture.name, metadata: metadata, tensors: tensors,
      warnings: warnings)
  }

  private static func weights(
    at path: FilePath, in folder: FilePath
  ) throws -> SafetensorsCheckpoint {
    do {
      return try SafetensorsCheckpoint(path)
    } catch let error as SafetensorsError {
      try refuseOtherWeights(in: folder)
      throw error
    }
  }

  /// Refuses a folder whose weights are pickles, or GGUFs, only.
  static func refuseOtherWeights(in folder: FilePath) throws {
    let names = try FolderListing(folder).names
    guard !names.contains(where: { $0.hasSuffix(".safetensors") }) else { return }
    if let name = names.first(where: { $0.hasSuffix(".gguf") }) {
      throw CheckpointError(.holdsGGUF(name), path: folder)
    }
    let endings = [".bin", ".pt", ".pth", ".ckpt"]
    if let pickle = names.first(where: { endings.contains(where: $0.hasSuffix) }) {
      throw CheckpointError(.pytorch, path: folder.appending(pickle))
    }
  }

  private static func metadata(
    _ config: JSONFile, _ architecture: Architecture, _ decoder: DecoderConfig,
    tensors: [CheckpointTensor], warnings: inout [String]
  ) throws -> GGUFMetadata {
    let folder = config.path.folder
    var metadata = GGUFMetadata()
    metadata["general.architecture"] = .string(architecture.name)
    // The reference writes this key when it makes the tensors, before all others.
    if case .longRope(let scaling) = decoder.rotaryScaling {
      metadata["\(architecture.name).rope.scaling.attn_factor"] = .float32(
        Float(scaling.attentionFactor(contextLength: decoder.contextLength)))
    }
    metadata["general.type"] = .string("model")
    let general = try GeneralMetadata(
      folder: folder, config: config,
      parameters: ParameterCount(tensors))
    general.append(to: &metadata)
    decoder.append(to: &metadata, architecture: architecture, fileType: fileType(of: tensors))
    metadata["general.quantization_version"] = .uint32(2)
    if case .tiktoken(let encoding) = architecture.tokenizerFile,
      let tokenizer = try TiktokenMetadata(
        folder: folder, config: config, encoding: encoding, rows: decoder.vocabularyCount)
    {
      try tokenizer.append(to: &metadata, warnings: &warnings)
    } else {
      try TokenizerMetadata(
        folder: folder, config: config, architecture: architecture, rows: decoder.vocabularyCount
      ).append(to: &metadata, warnings: &warnings)
    }
    return metadata
  }

  /// llama.cpp's number of the plain type that most elements have, or of MXFP4 where any tensor has that.
  static func fileType(of tensors: [CheckpointTensor]) -> UInt32 {
    if tensors.contains(where: { $0.type == .mxfp4 }) { return 38 }
    var elements: [TensorType: Int] = [:]
    for tensor in tensors { elements[tensor.type, default: 0] += tensor.shape.elementCount }
    let fileTypes: [(TensorType, UInt32)] = [
      (.f32, 0), (.f16, 1), (.bf16, 32),
    ]
    return fileTypes.max { elements[$0.0, default: 0] < elements[$1.0, default: 0] }?.1 ?? 0
  }
}

extension Architecture {
  /// The architecture that a GGUF's tensors are of; `nil` for one that is not known.
  init?(of checkpoint: Checkpoint) {
    let name = checkpoint.architecture
    func states(_ key: String) -> Bool { (checkpoint.metadata.integer("\(name).\(key)") ?? 0) > 0 }
    guard
      let found = Self.named(
        name, isMixture: states("expert_count"), hasWindow: states(ScalarKey.windowKey))
    else { return nil }
    self = found
  }

  static func isKnown(_ config: JSONFile) -> Bool {
    config["architectures"]?.array?.first?.string.flatMap(ofClass) != nil
  }

  /// The architecture that `config.json` names.
  init(of config: JSONFile) throws {
    guard let classes = config["architectures"] else {
      throw config.bad("architectures", "a list with the name of a class", nil)
    }
    guard let name = classes.array?.first?.string else {
      throw config.bad("architectures", "a list with the name of a class", classes)
    }
    guard let architecture = Self.ofClass(name) else {
      throw CheckpointError(
        .unknownArchitecture(name, known: Self.all.map(\.className)), path: config.path)
    }
    self = architecture
  }
}

extension FilePath {
  /// The folder that a file lies in, also when the path is a bare name.
  var folder: FilePath {
    let folder = removingLastComponent()
    return folder.isEmpty ? "." : folder
  }
}
