import SystemPackage
import TensorCore
import Tokenizers

extension HuggingFaceFolder {
  /// What can be said of a model whose architecture is not known.
  static func genericTexts(_ checkpoint: Checkpoint, type: TensorType) throws -> [TextFile] {
    if checkpoint.origin == .huggingFace, let path = checkpoint.path {
      return try copies(from: path, type: type, feedForwardWidth: nil)
    }
    let config = JSONValue.members(
      ("model_type", .string(checkpoint.architecture)),
      ("torch_dtype", .string(ConfigWriter.dtype(type))))
    return [
      TextFile(name: "config.json", bytes: config.text),
      TextFile(name: "README.md", bytes: Array(CardWriter(checkpoint.metadata).text.utf8)),
    ]
  }
}

extension FolderTensors {
  /// All tensors under the names that they have, as they lie.
  static func unchanged(
    _ checkpoint: Checkpoint, type: TensorType, keepsExact: Bool
  ) throws -> [Entry] {
    try checkpoint.tensors.map { tensor in
      // Numbers that are no weights, such as indices, stay what they are.
      let isWeight = tensor.type.isPlainFloat || tensor.type.isQuantized
      let isVector = tensor.shape.dimensions.count == 1
      let isKept = !isWeight || keepsExact && isVector && tensor.losesPrecision(in: type)
      let kept = isKept ? tensor.type : type
      return Entry(
        tensor: tensor, type: kept, byteCount: try tensor.shape.byteCount(of: kept))
    }
  }
}
