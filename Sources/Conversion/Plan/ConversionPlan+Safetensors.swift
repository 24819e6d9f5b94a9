import BlockQuant
import Checkpoints
import Safetensors
import SystemPackage
import TensorCore

extension ConversionPlan {
  /// Plans one safetensors file, or shards and their index when the options limit what a file may hold and
  /// it would hold more: the same tensors under the same names, cast when a recipe is given, and decoded where
  /// they are quantized.
  ///
  /// - Parameter destination: `NAME.safetensors`, also for shards.
  init(
    safetensors destination: FilePath, from checkpoint: SafetensorsCheckpoint,
    at source: FilePath, options: ConversionOptions
  ) throws {
    if let recipe = options.recipe, recipe.isQuantized {
      throw ConversionError(.notStorable(recipe.base, in: "safetensors"), path: destination)
    }
    var metadata: [String: String] = [:]
    for shard in checkpoint.shards { metadata.merge(shard.metadata) { first, _ in first } }
    let plain = try PlainTensors(of: checkpoint, at: source)
    let tensors = plain.tensors.map { tensor in
      let isCast = tensor.type.isPlainFloat || tensor.source.isQuantized
      // Blocks have no place in such a file; BF16 has all values of those that are kept in a checkpoint.
      let kept = tensor.type.isQuantized ? TensorType.bf16 : tensor.type
      return (
        name: tensor.name, type: isCast ? options.recipe?.base ?? kept : kept, shape: tensor.shape
      )
    }
    let sources = Dictionary(
      plain.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    guard sources.count == tensors.count else {
      let names = plain.tensors.map(\.name)
      let twice = names.first { name in names.count { $0 == name } > 1 } ?? ""
      throw CheckpointError(.repeatedTensor(twice), path: source)
    }
    let layouts = try options.shards(tensors).map { try options.layout(metadata, $0) }
    let stem = destination.stem ?? "model"
    let shards = layouts.enumerated().map { number, layout in
      (name: ShardSet.name(stem, number: number + 1, of: layouts.count), layout: layout)
    }
    var files = shards.map { name, layout in
      let planned = Self.plan(layout, sources)
      return PlannedFile(
        name: layouts.count > 1 ? name : "", header: layout.header, tensors: planned,
        byteCount: layout.byteCount, chunks: options.chunks(of: planned))
    }
    if files.count > 1 {
      // Readers open the index, which of a set therefore appears last.
      let index = ShardSet.index(shards)
      files.insert(
        PlannedFile(
          name: ShardSet.indexName(stem), header: index, tensors: [], byteCount: index.count), at: 0
      )
    }
    self.init(
      source: source, destination: destination,
      form: files.count > 1 ? .set(files.map(\.name)) : .file, files: files,
      warnings: plain.warnings,
      options: options)
  }

  private static func plan(
    _ layout: SafetensorsLayout, _ sources: [String: CheckpointTensor]
  ) -> [PlannedTensor] {
    layout.tensors.compactMap { place -> PlannedTensor? in
      guard let tensor = sources[place.name] else { return nil }
      return PlannedTensor(
        name: place.name, sourceType: tensor.type, type: place.type, shape: place.shape,
        offset: place.offset, byteCount: place.byteCount, source: tensor.source)
    }
  }
}

extension ConversionOptions {
  /// Tensors by the shard that holds them: in their order, a shard ends before the one that would exceed a limit.
  fileprivate func shards(
    _ tensors: [SafetensorsLayout.TensorInfo]
  ) throws -> [[SafetensorsLayout.TensorInfo]] {
    var shards: [[SafetensorsLayout.TensorInfo]] = [[]]
    var byteCount = 0
    for tensor in tensors {
      let size = try tensor.shape.byteCount(of: tensor.type)
      let count = shards[shards.count - 1].count
      let isFull =
        size > (maxShardByteCount ?? .max) - byteCount || count >= maxShardTensorCount ?? .max
      if count > 0, isFull {
        shards.append([])
        byteCount = 0
      }
      shards[shards.count - 1].append(tensor)
      byteCount += size
    }
    return shards
  }
}
