import BlockQuant
import Checkpoints
import Safetensors
import SystemPackage
import TensorCore

extension ConversionPlan {
  /// Plans one safetensors file: the same tensors under the same names, cast when a recipe is given.
  init(
    safetensors destination: FilePath, from checkpoint: SafetensorsCheckpoint,
    at source: FilePath, options: ConversionOptions
  ) throws {
    if let recipe = options.recipe, recipe.isQuantized {
      throw ConversionError(.notStorable(recipe.base, in: "safetensors"), path: destination)
    }
    var metadata: [String: String] = [:]
    for shard in checkpoint.shards { metadata.merge(shard.metadata) { first, _ in first } }
    let entries = Dictionary(
      checkpoint.tensors.map { ($0.tensor.name, $0) }, uniquingKeysWith: { first, _ in first })
    let layout = try SafetensorsLayout(
      metadata: metadata,
      tensors: checkpoint.tensors.map { _, tensor in
        let cast = tensor.type.isPlainFloat ? options.recipe?.base : nil
        return (tensor.name, cast ?? tensor.type, tensor.shape)
      })
    let tensors = layout.tensors.compactMap { place -> PlannedTensor? in
      guard let (shard, tensor) = entries[place.name] else { return nil }
      let file = checkpoint.shards[shard].file
      return PlannedTensor(
        name: place.name, sourceType: tensor.type, type: place.type, shape: place.shape,
        offset: place.offset, byteCount: place.byteCount,
        source: TensorSource(.file(file, offset: tensor.offset)))
    }
    self.init(
      source: source, destination: destination, form: .file,
      files: [
        PlannedFile(name: "", header: layout.header, tensors: tensors, byteCount: layout.byteCount)
      ],
      warnings: [], options: options)
  }
}
