import SystemPackage
import TensorCore

/// Gives the tensors of a Hugging Face checkpoint their names in a GGUF, and checks that each is what the
/// configuration says.
struct TensorTable {
  private let architecture: Architecture
  private let decoder: DecoderConfig
  private let path: FilePath
  /// By their names in Hugging Face checkpoints, those that take turns together.
  private let pairs: [String: [TensorPair]]

  /// Endings of buffers that some versions of `transformers` saved beside the weights.
  private static let buffers = [
    ".attention.masked_bias", ".attention.bias", ".rotary_emb.inv_freq", ".attn.masked_bias",
    ".attn.bias",
  ]

  init(_ architecture: Architecture, _ decoder: DecoderConfig, path: FilePath) {
    self.architecture = architecture
    self.decoder = decoder
    self.path = path
    pairs = Dictionary(grouping: architecture.tensors, by: \.huggingFace)
  }

  /// All tensors in their order, rotary divisors first.
  func tensors(of stored: [StoredTensor]) throws -> [CheckpointTensor] {
    var tensors = try rotaryTensors()
    var heads = HeadTensors(architecture, decoder, path: path)
    var stacks = ExpertStacks(architecture, decoder, path: path)
    for tensor in stored
    where !Self.buffers.contains(where: tensor.name.hasSuffix)
      && !architecture.repeated.contains(tensor.name)
    {
      if try heads.take(tensor) { continue }
      tensors += try self.tensors(of: tensor, layeredName(tensor.name), &stacks)
    }
    try checkComplete(tensors, stacks)
    return tensors + (try heads.tensors())
  }

  /// What one becomes, alone or with the experts before it; nothing where its layer lacks experts yet.
  private func tensors(
    of tensor: StoredTensor, _ name: LayeredName, _ stacks: inout ExpertStacks
  ) throws -> [CheckpointTensor] {
    guard name.layer ?? 0 < decoder.layerCount else { throw failure(.unknownTensor(tensor.name)) }
    if let names = architecture.fused[name.pattern] {
      return try split(tensor, into: names, layer: name.layer)
    }
    guard let pairs = pairs[name.pattern] else {
      if try isNoBias(tensor, name) { return [] }
      throw failure(.unknownTensor(tensor.name))
    }
    return try pairs.flatMap { pair in
      let shape = try check(tensor, pair)
      if pair.isStacked { return try stacks.add(tensor) }
      return [
        CheckpointTensor(
          name: LayeredName.spell(pair.gguf, layer: name.layer), type: tensor.type, shape: shape,
          source: try source(of: tensor, pair))
      ]
    }
  }

  private func source(of tensor: StoredTensor, _ pair: TensorPair) throws -> TensorSource {
    if case .quantized(let weight) = tensor.content, pair.isTransposed {
      let rows = try pair.turn.map { try RowsOfTurn(of: weight, $0) }
      return TensorSource(.quantized(rows ?? weight))
    }
    return TensorSource(
      tensor.content, rowOrder: try rowOrder(of: tensor, pair), shift: pair.shift,
      isTransposed: pair.isTransposed, turn: pair.turn)
  }

  /// Whether it is a bias of zeros for a weight that has none: some quantizers give one to every weight.
  private func isNoBias(_ tensor: StoredTensor, _ name: LayeredName) throws -> Bool {
    guard name.pattern.hasSuffix(".bias"), case .file(let file, let offset) = tensor.content,
      let weight = pairs[name.pattern.dropLast("bias".count) + "weight"]?.first,
      tensor.shape.dimensions == weight.extents.prefix(1).map(decoder.extent)
    else { return false }
    let end = offset + (try tensor.shape.byteCount(of: tensor.type))
    return try file.withUnchangedBytes { $0[offset..<end].allSatisfy { $0 == 0 } }
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

  /// The tensors of a GGUF that one holds, the matrices of each lying above those of the next.
  private func split(
    _ tensor: StoredTensor, into names: [String], layer: Int?
  ) throws -> [CheckpointTensor] {
    try names.enumerated().compactMap { number, name in
      guard let pair = architecture.tensors.first(where: { $0.gguf == name }) else { return nil }
      var extents = pair.extents.map(decoder.extent)
      let shape = try Shape(extents)
      extents[extents.count - 2] *= names.count
      try check(tensor, try Shape(extents))
      let places = (0..<extents.dropLast(2).reduce(1, *)).map { $0 * names.count + number }
      return CheckpointTensor(
        name: LayeredName.spell(name, layer: layer), type: tensor.type, shape: shape,
        source: TensorSource(try matrices(places, of: tensor, shape: shape)))
    }
  }

  /// Matrices that lie among others in one tensor, by their places there.
  ///
  /// - Parameter shape: Of all that are taken.
  private func matrices(
    _ places: [Int], of tensor: StoredTensor, shape: Shape
  ) throws -> TensorSource.Content {
    let matrix = try Shape(Array(shape.dimensions.suffix(2)))
    switch tensor.content {
    case .file(let file, let offset):
      let byteCount = try matrix.byteCount(of: tensor.type)
      return .parts(places.map { FilePart(file, offset: offset + $0 * byteCount) })
    case .quantized(let weight):
      let slices = places.map { RowSlice(weight, from: $0 * matrix.rows, shape: matrix) }
      if shape.dimensions.count == 2, let slice = slices.first { return .quantized(slice) }
      guard let stack = try StackedWeight(slices) else { break }
      return .quantized(stack)
    case .parts, .values, .inTurn: break
    }
    throw failure(.wrongType(tensor: tensor.name, tensor.type))
  }

  private func failure(_ reason: CheckpointError.Reason) -> CheckpointError {
    CheckpointError(reason, path: path)
  }

  /// The name as ``TensorPair`` spells it, with the prefix that some checkpoints leave out.
  private func layeredName(_ name: String) -> LayeredName {
    let plain = LayeredName(name)
    guard pairs[plain.pattern] == nil, architecture.fused[plain.pattern] == nil else {
      return plain
    }
    return LayeredName(architecture.names.tensorPrefix + name)
  }

  /// - Returns: The shape that it has in a GGUF, or that its part of a stack has.
  private func check(_ tensor: StoredTensor, _ pair: TensorPair) throws -> Shape {
    var extents = pair.extents.map(decoder.extent)
    if pair.isStacked { extents.removeFirst() }
    try check(
      tensor, try pair.storedShape(extents, inBlocks: tensor.isUnpacked),
      // What is unpacked comes row by row, and only blocks lie along the rows of a GGUF.
      isRead: !tensor.isUnpacked || !pair.isTransposed || tensor.type == .mxfp4)
    return try Shape(extents)
  }

  private func check(_ tensor: StoredTensor, _ expected: Shape, isRead: Bool = true) throws {
    guard isRead, tensor.isUnpacked || [.f32, .f16, .bf16].contains(tensor.type) else {
      throw failure(.wrongType(tensor: tensor.name, tensor.type))
    }
    guard tensor.shape == expected else {
      throw failure(.wrongShape(tensor: tensor.name, expected: expected, found: tensor.shape))
    }
  }

  private func rowOrder(of tensor: StoredTensor, _ pair: TensorPair) throws -> RowOrder {
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
