import MappedFiles
public import Safetensors
public import SystemPackage
import TensorCore

/// The tensors of a Hugging Face checkpoint under their own names, whatever its architecture: plain ones as they
/// lie, quantized ones as what they decode to.
public struct PlainTensors: Sendable {
  public let tensors: [CheckpointTensor]
  public let warnings: [String]

  /// - Parameter path: The folder, or the file or index of the weights, beside which `config.json` says how they
  ///   are quantized.
  /// - Throws: ``CheckpointError`` for a quantization that is not read.
  public init(of weights: SafetensorsCheckpoint, at path: FilePath) throws {
    let folder = try FileKind(of: path) == .folder ? path : path.folder
    try self.init(of: weights, declaredIn: JSONFile.ifPresent(folder.appending("config.json")))
  }

  init(of weights: SafetensorsCheckpoint, declaredIn config: JSONFile?) throws {
    guard let config, let format = try QuantizedFormat(of: config) else {
      tensors = weights.tensors.map { shard, tensor in
        CheckpointTensor(
          name: tensor.name, type: tensor.type, shape: tensor.shape,
          source: TensorSource(.file(weights.shards[shard].file, offset: tensor.offset)))
      }
      warnings = Self.warnings(of: tensors)
      return
    }
    let stored = try weights.storedTensors(format, path: config.path.folder)
    tensors = stored.map {
      CheckpointTensor(
        name: $0.name, type: $0.type, shape: $0.shape, source: TensorSource($0.content))
    }
    warnings = format.notes(on: stored)
  }

  /// Endings of tensors that are no weights without what says how to read them.
  private static let packed = [
    ".qweight", ".weight_packed", "_blocks", ".W_q", ".weight.absmax", ".SCB", ".weight_scale",
    "_scale_inv",
  ]

  private static func warnings(of tensors: [CheckpointTensor]) -> [String] {
    guard
      let found = tensors.first(where: { tensor in
        tensor.shape.dimensions.count > 0 && packed.contains(where: tensor.name.hasSuffix)
      })
    else { return [] }
    return [
      "\(found.name.printable) belongs to quantized weights, and no file says how: they stay as they are"
    ]
  }
}
