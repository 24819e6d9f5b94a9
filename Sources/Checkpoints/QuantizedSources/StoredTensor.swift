import Safetensors
import SystemPackage
import TensorCore

/// A tensor of a Hugging Face checkpoint as the model knows it: plain, or unpacked from several.
struct StoredTensor: Sendable {
  let name: String
  /// Type of the rows that ``content`` gives.
  let type: TensorType
  let shape: Shape
  let content: TensorSource.Content
}

extension StoredTensor {
  var isUnpacked: Bool { if case .quantized = content { true } else { false } }
}

extension QuantizedFormat {
  /// What the reader should know: how many weights are not what they were trained to be.
  func notes(on stored: [StoredTensor]) -> [String] {
    // Blocks that are repacked stay what they are.
    let count = stored.count { $0.isUnpacked && $0.type != .mxfp4 }
    guard count > 0 else { return [] }
    return [
      "\(count) weights are quantized already (\(summary)) and are read as what they decode to"
    ]
  }
}

extension SafetensorsCheckpoint {
  /// The tensors of the model, shard by shard in the order of their names, quantized ones put together.
  ///
  /// - Source: `SafetensorsLocal` in gguf-py's utility.py and `dequant_model` in llama.cpp's
  ///   conversion/base.py, so that files equal those of llama.cpp's converter.
  /// - Throws: ``CheckpointError`` when the parts of a weight do not fit each other.
  func storedTensors(_ format: QuantizedFormat?, path: FilePath) throws -> [StoredTensor] {
    let ordered = tensors.sorted {
      guard $0.shard == $1.shard else { return $0.shard < $1.shard }
      return $0.tensor.name.utf8.lexicographicallyPrecedes($1.tensor.name.utf8)
    }
    let belonging = format.map { names(belongingTo: $0) } ?? []
    var (first, stored, last): ([StoredTensor], [StoredTensor], [StoredTensor]) = ([], [], [])
    for (shard, tensor) in ordered where !belonging.contains(tensor.name) {
      guard let format, let base = format.base(of: tensor.name, tensor.type) else {
        if let head = format?.head(missedBy: tensor.name) {
          throw CheckpointError(.missingTensor(head), path: path)
        }
        stored.append(
          StoredTensor(
            name: tensor.name, type: tensor.type, shape: tensor.shape,
            content: .file(shards[shard].file, offset: tensor.offset)))
        continue
      }
      let weight = try format.weight(WeightParts(base, in: self, path: path))
      let unpacked = StoredTensor(
        name: base + format.ending, type: weight.type, shape: weight.shape,
        content: .quantized(weight))
      switch format.place {
      case .first: first.append(unpacked)
      case .own: stored.append(unpacked)
      case .last: last.append(unpacked)
      }
    }
    return first + stored + last
  }

  /// Names of tensors that mean nothing by themselves.
  private func names(belongingTo format: QuantizedFormat) -> Set<String> {
    var names: Set<String> = []
    for (_, tensor) in tensors {
      if let base = format.base(of: tensor.name, tensor.type) {
        names.formUnion(format.companions.map { base + $0 })
      } else if QuantizedFormat.unused.contains(where: tensor.name.hasSuffix) {
        names.insert(tensor.name)
      }
    }
    return names
  }
}
