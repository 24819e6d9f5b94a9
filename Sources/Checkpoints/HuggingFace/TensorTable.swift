import SystemPackage
import TensorCore

/// Gives the tensors of a Hugging Face checkpoint their names in a GGUF, and checks that each is what the
/// configuration says.
struct TensorTable {
  private let architecture: Architecture
  private let decoder: DecoderConfig
  private let path: FilePath
  private let pairs: [String: TensorPair]

  /// Endings of buffers that some versions of `transformers` saved beside the weights.
  private static let buffers = [
    ".attention.masked_bias", ".attention.bias", ".rotary_emb.inv_freq",
  ]

  init(_ architecture: Architecture, _ decoder: DecoderConfig, path: FilePath) {
    self.architecture = architecture
    self.decoder = decoder
    self.path = path
    pairs = Dictionary(uniqueKeysWithValues: architecture.tensors.map { ($0.huggingFace, $0) })
  }

  /// All tensors in their order, rotary divisors first.
  func tensors(of stored: [StoredTensor]) throws -> [CheckpointTensor] {
    var tensors: [CheckpointTensor] = []
    if case .llama3(let scaling) = decoder.rotaryScaling {
      let divisors = scaling.divisors(base: decoder.rotaryBase, headDim: decoder.headDim)
      tensors.append(
        CheckpointTensor(
          name: "rope_freqs.weight", type: .f32, shape: try Shape([divisors.count]),
          source: TensorSource(.values(divisors))))
    }
    var found = Set<LayeredName>()
    for tensor in stored where !Self.buffers.contains(where: tensor.name.hasSuffix) {
      let name = LayeredName(tensor.name)
      guard let pair = pairs[name.pattern], name.layer ?? 0 < decoder.layerCount else {
        throw failure(.unknownTensor(tensor.name))
      }
      found.insert(name)
      tensors.append(
        CheckpointTensor(
          name: LayeredName.spell(pair.gguf, layer: name.layer), type: tensor.type,
          shape: try check(tensor, pair),
          source: TensorSource(
            tensor.content, rowOrder: try rowOrder(of: tensor, pair))))
    }
    try checkComplete(found)
    return tensors
  }

  private func failure(_ reason: CheckpointError.Reason) -> CheckpointError {
    CheckpointError(reason, path: path)
  }

  private func check(_ tensor: StoredTensor, _ pair: TensorPair) throws -> Shape {
    guard [.f32, .f16, .bf16].contains(tensor.type) || tensor.isUnpacked else {
      throw failure(.wrongType(tensor: tensor.name, tensor.type))
    }
    let expected = try Shape(pair.extents.map(decoder.extent))
    guard tensor.shape == expected else {
      throw failure(.wrongShape(tensor: tensor.name, expected: expected, found: tensor.shape))
    }
    return expected
  }

  private func rowOrder(of tensor: StoredTensor, _ pair: TensorPair) throws -> RowOrder {
    guard let turned = pair.turned else { return .asStored }
    let (rows, heads) = (tensor.shape.dimensions.first ?? 0, decoder.heads(turned))
    guard rows % heads == 0, rows / heads % 2 == 0 else {
      throw failure(.unevenHeads(tensor: tensor.name, rows: rows, heads: heads))
    }
    return .pairs(heads: heads)
  }

  private func checkComplete(_ found: Set<LayeredName>) throws {
    for pair in architecture.tensors
    where !pair.isOptional || pair.isOutput && !decoder.tiesEmbeddings {
      let isLayered = pair.huggingFace.contains("#")
      for layer in 0..<(isLayered ? decoder.layerCount : 1) {
        let name = LayeredName.spell(pair.huggingFace, layer: layer)
        guard found.contains(LayeredName(name)) else { throw failure(.missingTensor(name)) }
      }
    }
  }
}
