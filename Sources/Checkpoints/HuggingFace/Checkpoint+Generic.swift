import GGUF
import Safetensors
import SystemPackage
import TensorCore
import Tokenizers

extension Checkpoint {
  /// A folder of any architecture: its tensors under their own names, and what is said about any model.
  init(generic config: JSONFile, weights: SafetensorsCheckpoint) throws {
    let modelType = try config.string("model_type")
    guard let name = modelType ?? config["architectures"]?.array?.first?.string else {
      throw config.bad("model_type", "a text", nil)
    }
    let plain = try PlainTensors(of: weights, declaredIn: config)
    let tensors = plain.tensors
    var warnings = plain.warnings
    warnings += [
      "the architecture \(name.printable) is not known: tensors keep their names, and its numbers are left out"
    ]
    var metadata = GGUFMetadata()
    metadata["general.architecture"] = .string(name)
    metadata["general.type"] = .string("model")
    try GeneralMetadata(
      folder: config.path.folder, config: config, parameters: ParameterCount(tensors)
    ).append(to: &metadata)
    metadata["general.file_type"] = .uint32(Self.fileType(of: tensors))
    metadata["general.quantization_version"] = .uint32(2)
    do {
      try Self.appendTokenizer(config, name, to: &metadata, warnings: &warnings)
    } catch let error as CheckpointError {
      warnings.append("the tokenizer is left out: \(error)")
    }
    self.init(
      origin: .huggingFace, architecture: name, metadata: metadata, tensors: tensors,
      warnings: warnings)
  }

  private static func appendTokenizer(
    _ config: JSONFile, _ name: String, to metadata: inout GGUFMetadata, warnings: inout [String]
  ) throws {
    guard let rows = try config.integer("vocab_size", in: DecoderConfig.Limit.extent) else {
      throw config.bad("vocab_size", "a whole number", nil)
    }
    var whole = metadata
    let architecture = Architecture(className: name, modelType: name, name: name, tensors: [])
    try TokenizerMetadata(
      folder: config.path.folder, config: config, architecture: architecture, rows: rows
    ).append(to: &whole, warnings: &warnings)
    metadata = whole
  }
}
