import Safetensors
import SystemPackage
import TensorCore

/// Collects the tensors of experts until a layer has all of them: a GGUF stacks what Hugging Face keeps
/// expert by expert.
struct ExpertStacks {
  private struct Part {
    let place: FilePart
    let type: TensorType
  }

  /// In the order of their names in a Hugging Face checkpoint.
  private let pairs: [TensorPair]
  private let decoder: DecoderConfig
  /// By layer.
  private var parts: [Int: [LayeredName: Part]] = [:]

  init(_ architecture: Architecture, _ decoder: DecoderConfig) {
    pairs = architecture.tensors.filter(\.isStacked).sorted { $0.huggingFace < $1.huggingFace }
    self.decoder = decoder
  }

  /// Takes the matrix of one expert.
  ///
  /// - Returns: The stacks of its layer when that was the last one.
  /// - Throws: ``CheckpointError`` for an expert that the configuration does not have, or experts of
  ///   different types.
  mutating func add(
    _ tensor: SafetensorsTensor, at place: FilePart, path: FilePath
  ) throws -> [CheckpointTensor] {
    let name = LayeredName(tensor.name)
    guard let layer = name.layer, let expert = name.expert, expert < decoder.expertCount,
      parts[layer]?[name] == nil
    else { throw CheckpointError(.unknownTensor(tensor.name), path: path) }
    parts[layer, default: [:]][name] = Part(place: place, type: tensor.type)
    guard parts[layer]?.count == decoder.expertCount * pairs.count else { return [] }
    return try pairs.map { try stack($0, layer: layer, path) }
  }

  private func stack(
    _ pair: TensorPair, layer: Int, _ path: FilePath
  ) throws -> CheckpointTensor {
    let experts = names(of: pair, layer: layer).compactMap { name in
      parts[layer]?[LayeredName(name)].map { (name: name, part: $0) }
    }
    guard let type = experts.first?.part.type else {
      throw CheckpointError(.missingTensor(pair.huggingFace), path: path)
    }
    if let other = experts.first(where: { $0.part.type != type }) {
      throw CheckpointError(
        .mixedTypes(tensor: other.name, other.part.type, expected: type), path: path)
    }
    return CheckpointTensor(
      name: LayeredName.spell(pair.gguf, layer: layer), type: type,
      shape: try Shape(pair.extents.map(decoder.extent)),
      source: TensorSource(.parts(experts.map(\.part.place))))
  }

  /// The first expert of a layer that has no such tensor.
  func missing(_ pair: TensorPair, layer: Int) -> Int? {
    guard pair.isStacked else { return nil }
    return names(of: pair, layer: layer).firstIndex { parts[layer]?[LayeredName($0)] == nil }
  }

  private func names(of pair: TensorPair, layer: Int) -> [String] {
    (0..<decoder.expertCount).map {
      LayeredName.spell(pair.huggingFace, layer: layer, expert: $0)
    }
  }
}
