import Safetensors
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

  /// All tensors, shard by shard in the order of their names, rotary divisors first.
  ///
  /// - Source: `SafetensorsLocal` in gguf-py's utility.py, so that files equal those of llama.cpp's converter.
  func tensors(of weights: SafetensorsCheckpoint) throws -> [CheckpointTensor] {
    var tensors: [CheckpointTensor] = []
    if case .llama3(let scaling) = decoder.rotaryScaling {
      let divisors = scaling.divisors(base: decoder.rotaryBase, headDim: decoder.headDim)
      tensors.append(
        CheckpointTensor(
          name: "rope_freqs.weight", type: .f32, shape: try Shape([divisors.count]),
          source: TensorSource(.values(divisors))))
    }
    var stacks = ExpertStacks(architecture, decoder)
    let ordered = weights.tensors.sorted {
      guard $0.shard == $1.shard else { return $0.shard < $1.shard }
      return $0.tensor.name.utf8.lexicographicallyPrecedes($1.tensor.name.utf8)
    }
    for (shard, tensor) in ordered
    where !Self.buffers.contains(where: tensor.name.hasSuffix)
      && !architecture.repeated.contains(tensor.name)
    {
      let name = LayeredName(tensor.name)
      let place = FilePart(weights.shards[shard].file, offset: tensor.offset)
      guard name.layer ?? 0 < decoder.layerCount else {
        throw failure(.unknownTensor(tensor.name))
      }
      if let names = architecture.fused[name.pattern] {
        tensors += try split(tensor, at: place, into: names, layer: name.layer)
      } else if let pair = pairs[name.pattern], pair.isStacked {
        try check(tensor, pair)
        tensors += try stacks.add(tensor, at: place, path: path)
      } else if let pair = pairs[name.pattern] {
        try check(tensor, pair)
        tensors.append(
          CheckpointTensor(
            name: LayeredName.spell(pair.gguf, layer: name.layer), type: tensor.type,
            shape: tensor.shape,
            source: TensorSource(
              .file(place.file, offset: place.offset), rowOrder: try rowOrder(of: tensor, pair),
              shift: pair.shift)))
      } else {
        throw failure(.unknownTensor(tensor.name))
      }
    }
    try checkComplete(tensors, stacks)
    return tensors
  }

  /// The tensors of a GGUF that one holds, the matrices of each lying above those of the next.
  private func split(
    _ tensor: SafetensorsTensor, at place: FilePart, into names: [String], layer: Int?
  ) throws -> [CheckpointTensor] {
    try names.enumerated().compactMap { number, name in
      guard let pair = architecture.tensors.first(where: { $0.gguf == name }) else { return nil }
      var extents = pair.extents.map(decoder.extent)
      let shape = try Shape(extents)
      extents[extents.count - 2] *= names.count
      try check(tensor, try Shape(extents))
      let matrixCount = extents.dropLast(2).reduce(1, *)
      let byteCount = try shape.byteCount(of: tensor.type) / matrixCount
      let parts = (0..<matrixCount).map { matrix in
        FilePart(
          place.file, offset: place.offset + (matrix * names.count + number) * byteCount)
      }
      return CheckpointTensor(
        name: LayeredName.spell(name, layer: layer), type: tensor.type, shape: shape,
        source: TensorSource(.parts(parts)))
    }
  }

  private func failure(_ reason: CheckpointError.Reason) -> CheckpointError {
    CheckpointError(reason, path: path)
  }

  private func check(_ tensor: SafetensorsTensor, _ pair: TensorPair) throws {
    let extents = pair.isStacked ? pair.extents.dropFirst() : pair.extents[...]
    try check(tensor, try Shape(extents.map(decoder.extent)))
  }

  private func check(_ tensor: SafetensorsTensor, _ expected: Shape) throws {
    guard [.f32, .f16, .bf16].contains(tensor.type) else {
      throw failure(.wrongType(tensor: tensor.name, tensor.type))
    }
    guard tensor.shape == expected else {
      throw failure(.wrongShape(tensor: tensor.name, expected: expected, found: tensor.shape))
    }
  }

  private func rowOrder(of tensor: SafetensorsTensor, _ pair: TensorPair) throws -> RowOrder {
    guard let turned = pair.turned else { return .asStored }
    let (rows, heads) = (tensor.shape.dimensions.first ?? 0, decoder.heads(turned))
    guard rows % heads == 0, rows / heads % 2 == 0 else {
      throw failure(.unevenHeads(tensor: tensor.name, rows: rows, heads: heads))
    }
    return .pairs(heads: heads)
  }

  private func checkComplete(_ tensors: [CheckpointTensor], _ stacks: ExpertStacks) throws {
    var found = Set<String>()
    for tensor in tensors where !found.insert(tensor.name).inserted {
      throw failure(.repeatedTensor(tensor.name))
    }
    for pair in architecture.tensors
    where !pair.isOptional || pair.isOutput && !decoder.tiesEmbeddings {
      let isLayered = pair.huggingFace.contains("#")
      for layer in 0..<(isLayered ? decoder.layerCount : 1) {
        guard found.contains(LayeredName.spell(pair.gguf, layer: layer)) else {
          let expert = stacks.missing(pair, layer: layer)
          // Where this one has all its experts, its layer waits for those of another.
          if pair.isStacked, expert == nil { continue }
          throw failure(
            .missingTensor(LayeredName.spell(pair.huggingFace, layer: layer, expert: expert)))
        }
      }
    }
  }
}
