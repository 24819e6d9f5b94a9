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
    ".attention.masked_bias", ".attention.bias", ".rotary_emb.inv_freq", ".attn.masked_bias",
    ".attn.bias",
  ]

  init(_ architecture: Architecture, _ decoder: DecoderConfig, path: FilePath) {
    self.architecture = architecture
    self.decoder = decoder
    self.path = path
    pairs = Dictionary(uniqueKeysWithValues: architecture.tensors.map { ($0.huggingFace, $0) })
  }

  /// All tensors in their order, rotary divisors first.
  func tensors(of stored: [StoredTensor]) throws -> [CheckpointTensor] {
    var tensors = try rotaryTensors()
    var heads = HeadTensors(architecture, decoder, path: path)
    var found = Set<LayeredName>()
    for tensor in stored
    where !Self.buffers.contains(where: tensor.name.hasSuffix)
      && !architecture.repeated.contains(tensor.name)
    {
      if try heads.take(tensor) { continue }
      let name = layeredName(tensor.name)
      guard let pair = pairs[name.pattern], name.layer ?? 0 < decoder.layerCount else {
        throw failure(.unknownTensor(tensor.name))
      }
      found.insert(name)
      tensors.append(
        CheckpointTensor(
          name: LayeredName.spell(pair.gguf, layer: name.layer), type: tensor.type,
          shape: try check(tensor, pair),
          source: TensorSource(
            tensor.content, rowOrder: try rowOrder(of: tensor, pair), shift: pair.shift,
            isTransposed: pair.isTransposed)))
    }
    try checkComplete(found)
    return tensors + (try heads.tensors())
  }

  /// What frequencies are divided by.
  private func rotaryTensors() throws -> [CheckpointTensor] {
    let named: [(name: String, divisors: [Float])] =
      switch decoder.rotaryScaling {
      case .llama3(let scaling):
        [
          (
            "rope_freqs.weight",
            scaling.divisors(base: decoder.rotaryBase, headDim: decoder.headDim)
          )
        ]
      case .longRope(let scaling): scaling.tensors
      case .none, .linear, .yarn: []
      }
    return try named.map { name, divisors in
      CheckpointTensor(
        name: name, type: .f32, shape: try Shape([divisors.count]),
        source: TensorSource(.values(divisors)))
    }
  }

  private func failure(_ reason: CheckpointError.Reason) -> CheckpointError {
    CheckpointError(reason, path: path)
  }

  /// The name as ``TensorPair`` spells it, with the prefix that some checkpoints leave out.
  private func layeredName(_ name: String) -> LayeredName {
    let plain = LayeredName(name)
    guard pairs[plain.pattern] == nil else { return plain }
    return LayeredName(architecture.names.tensorPrefix + name)
  }

  private func check(_ tensor: StoredTensor, _ pair: TensorPair) throws -> Shape {
    // What is unpacked comes row by row.
    let isRead =
      tensor.isUnpacked ? !pair.isTransposed : [.f32, .f16, .bf16].contains(tensor.type)
    guard isRead else {
      throw failure(.wrongType(tensor: tensor.name, tensor.type))
    }
    let extents = pair.extents.map(decoder.extent)
    let expected = try Shape(pair.isTransposed ? extents.reversed() : extents)
    guard tensor.shape == expected else {
      throw failure(.wrongShape(tensor: tensor.name, expected: expected, found: tensor.shape))
    }
    return try Shape(extents)
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
