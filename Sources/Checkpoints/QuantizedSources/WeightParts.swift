import Safetensors
import SystemPackage
import TensorCore

/// The tensors of one quantized weight, found by the endings of their names.
struct WeightParts {
  /// What their names begin with.
  let base: String
  private let weights: SafetensorsCheckpoint
  private let path: FilePath

  init(_ base: String, in weights: SafetensorsCheckpoint, path: FilePath) {
    self.base = base
    self.weights = weights
    self.path = path
  }

  func failure(_ reason: CheckpointError.Reason) -> CheckpointError {
    CheckpointError(reason, path: path)
  }

  func has(_ ending: String) -> Bool { weights.tensor(base + ending) != nil }

  /// The part with this ending, its elements of one of these types.
  func part(_ ending: String, _ types: [TensorType]) throws -> WeightPart {
    guard let part = try partIfPresent(ending, types) else {
      throw failure(.missingTensor(base + ending))
    }
    return part
  }

  /// A part that a weight may lack.
  func partIfPresent(_ ending: String, _ types: [TensorType]) throws -> WeightPart? {
    guard let (shard, tensor) = weights.tensor(base + ending) else { return nil }
    guard types.contains(tensor.type) else {
      throw failure(.wrongCodes(tensor: tensor.name, expected: types, found: tensor.type))
    }
    return WeightPart(
      name: tensor.name, type: tensor.type, shape: tensor.shape, file: weights.shards[shard].file,
      offset: tensor.offset, byteCount: tensor.byteCount)
  }

  /// The extents of a part, which must be as many as `count`, none of them 0.
  func extents(of part: WeightPart, _ count: Int) throws -> [Int] {
    let extents = part.shape.dimensions
    guard extents.count == count, part.shape.elementCount > 0 else {
      throw failure(.wrongRank(tensor: part.name, expected: count, found: part.shape))
    }
    return extents
  }

  func check(_ part: WeightPart, has expected: [Int]) throws {
    guard part.shape.dimensions == expected else {
      throw failure(
        .wrongShape(tensor: part.name, expected: try Shape(expected), found: part.shape))
    }
  }

  /// Types that scales have.
  static let floats: [TensorType] = [.f16, .bf16, .f32]
}

extension Int {
  /// How many groups of `size` this many fill, the last perhaps in part.
  func groups(of size: Int) -> Int { self / size + (self % size == 0 ? 0 : 1) }
}
