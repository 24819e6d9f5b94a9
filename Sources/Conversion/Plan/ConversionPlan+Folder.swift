import BlockQuant
import Checkpoints
import SystemPackage
import TensorCore

extension ConversionPlan {
  /// Plans a Hugging Face folder: text files and shards.
  init(
    folder destination: FilePath, from checkpoint: Checkpoint, at source: FilePath,
    options: ConversionOptions
  ) throws {
    if let recipe = options.recipe, recipe.isQuantized {
      throw ConversionError(.quantizedFolder(recipe.name), path: destination)
    }
    let folder = try HuggingFaceFolder(
      of: checkpoint, type: options.recipe?.base,
      maxShardByteCount: options.maxShardByteCount
        ?? HuggingFaceFolder.defaultShardByteCount,
      maxShardTensorCount: options.maxShardTensorCount, isGeneric: options.isGeneric)
    let shards = try folder.shards.map { shard in
      let layout = try options.layout(shard.layout)
      let tensors = try zip(layout.tensors, shard.tensors).map { place, tensor in
        guard place.type == tensor.type || BlockCodec(tensor.type) != nil else {
          throw ConversionError(.cannotDecode(tensor.type), path: source, tensor: tensor.name)
        }
        return PlannedTensor(
          name: place.name, sourceType: tensor.type, type: place.type, shape: place.shape,
          offset: place.offset, byteCount: place.byteCount, source: tensor.source)
      }
      return PlannedFile(
        name: shard.name, header: layout.header, tensors: tensors, byteCount: layout.byteCount,
        chunks: options.chunks(of: tensors))
    }
    let texts = folder.textFiles.map {
      PlannedFile(name: $0.name, header: $0.bytes, tensors: [], byteCount: $0.bytes.count)
    }
    self.init(
      source: source, destination: destination, form: .folder, files: shards + texts,
      warnings: folder.warnings, options: options)
  }
}
