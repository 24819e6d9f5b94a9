import SystemPackage
import TensorCore

/// Collects the tensors of experts until a layer has all of them: a GGUF stacks what Hugging Face keeps
/// expert by expert.
struct ExpertStacks {
  /// In the order of their names in a Hugging Face checkpoint.
  private let pairs: [TensorPair]
  private let decoder: DecoderConfig
  private let path: FilePath
  /// By layer.
  private var parts: [Int: [LayeredName: StoredTensor]] = [:]

  init(_ architecture: Architecture, _ decoder: DecoderConfig, path: FilePath) {
    pairs = architecture.tensors.filter(\.isStacked).sorted { $0.huggingFace < $1.huggingFace }
    self.decoder = decoder
    self.path = path
  }

  /// Takes the matrix of one expert.
  ///
  /// - Returns: The stacks of its layer when that was the last one.
  /// - Throws: ``CheckpointError`` for an expert that the configuration does not have, or experts of
  ///   different types.
  mutating func add(_ tensor: StoredTensor) throws -> [CheckpointTensor] {
    let name = LayeredName(tensor.name)
    guard let layer = name.layer, let expert = name.expert, expert < decoder.expertCount,
      parts[layer]?[name] == nil
    else { throw CheckpointError(.unknownTensor(tensor.name), path: path) }
    parts[layer, default: [:]][name] = tensor
    guard parts[layer]?.count == decoder.expertCount * pairs.count else { return [] }
    return try pairs.map { try stack($0, layer: layer) }
  }

  private func stack(_ pair: TensorPair, layer: Int) throws -> CheckpointTensor {
    let experts = names(of: pair, layer: layer).compactMap { parts[layer]?[LayeredName($0)] }
    guard let first = experts.first else {
      throw CheckpointError(.missingTensor(pair.huggingFace), path: path)
    }
    if let other = experts.first(where: { $0.type != first.type }) {
      throw CheckpointError(
        .mixedTypes(tensor: other.name, other.type, expected: first.type), path: path)
    }
    return CheckpointTensor(
      name: LayeredName.spell(pair.gguf, layer: layer), type: first.type,
      shape: try Shape(pair.extents.map(decoder.extent)),
      source: TensorSource(try content(of: experts)))
  }

  private func content(of experts: [StoredTensor]) throws -> TensorSource.Content {
    var (parts, weights): ([FilePart], [any QuantizedWeight]) = ([], [])
    for expert in experts {
      switch expert.content {
      case .file(let file, let offset): parts.append(FilePart(file, offset: offset))
      case .quantized(let weight): weights.append(weight)
      case .parts, .values, .inTurn: break
      }
    }
    if parts.count == experts.count { return .parts(parts) }
    guard weights.count == experts.count, let stack = try StackedWeight(weights) else {
      let other = experts.first { $0.isUnpacked != experts[0].isUnpacked } ?? experts[0]
      throw CheckpointError(.wrongType(tensor: other.name, other.type), path: path)
    }
    return .quantized(stack)
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
