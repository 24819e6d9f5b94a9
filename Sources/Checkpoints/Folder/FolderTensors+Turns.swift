import TensorCore

/// Tensors of a GGUF that take turns in one of a folder, and experts whose blocks stay what they are.
extension FolderTensors {
  struct TurnTaker {
    let tensor: CheckpointTensor
    let place: Int
  }

  /// What a tensor becomes together with those that it takes turns with; nothing before the last of them.
  func joined(
    _ tensor: CheckpointTensor, _ pair: TensorPair, _ layer: Int?,
    _ waiting: inout [LayeredName: [TurnTaker]], _ type: TensorType, keepsExact: Bool
  ) throws -> [Entry] {
    let expected = try check(tensor, pair)
    let name = LayeredName.spell(pair.huggingFace, layer: layer)
    let turn = pair.turn ?? Turn(0, of: 1)
    let key = LayeredName(name)
    waiting[key, default: []].append(TurnTaker(tensor: tensor, place: turn.place))
    let all = (waiting[key] ?? []).sorted { $0.place < $1.place }.map(\.tensor)
    guard all.count == turn.count, let first = all.first else { return [] }
    if let other = all.first(where: { $0.type != first.type }) {
      throw failure(.mixedTypes(tensor: other.name, other.type, expected: first.type))
    }
    if keepsBlocks, first.type == .mxfp4 {
      return try blocks(of: all, shape: expected, name)
    }
    let result = CheckpointTensor(
      name: name, type: first.type, shape: try pair.storedShape(expected.dimensions),
      source: try source(of: all, isTransposed: pair.isTransposed))
    let isExact =
      keepsExact && pair.isWide && all.contains { $0.losesPrecision(in: type) }
    let kept = isExact ? TensorType.f32 : type
    return [Entry(tensor: result, type: kept, byteCount: try result.shape.byteCount(of: kept))]
  }

  private func source(
    of tensors: [CheckpointTensor], isTransposed: Bool
  ) throws -> TensorSource {
    let first = tensors[0].source
    // What was taken apart on the way in is whole where it came from.
    if let whole = TensorSource.whole(of: tensors.map(\.source)) {
      return TensorSource(
        whole, byteOrder: first.byteOrder, isTransposed: first.isTransposed != isTransposed)
    }
    for tensor in tensors {
      if case .parts = tensor.source.content {
        throw failure(.wrongType(tensor: tensor.name, tensor.type))
      }
    }
    return TensorSource(
      .inTurn(tensors.map(\.source.content)), byteOrder: first.byteOrder,
      isTransposed: first.isTransposed != isTransposed)
  }

  /// Blocks of MXFP4, their exponents apart.
  private func blocks(
    of tensors: [CheckpointTensor], shape: Shape, _ name: String
  ) throws -> [Entry] {
    let weights = try tensors.map { tensor -> any QuantizedWeight in
      switch tensor.source.content {
      case .quantized(let weight): weight
      case .file(let file, let offset):
        try StoredRows(
          tensor.name, FilePart(file, offset: offset), type: tensor.type, shape: shape)
      case .parts, .values, .inTurn:
        throw failure(.wrongType(tensor: tensor.name, tensor.type))
      }
    }
    let whole: any QuantizedWeight = weights.count == 1 ? weights[0] : try RowsInTurn(weights)
    return try [MXFP4Parts.Kind.blocks, .scales].map { kind in
      let part = try MXFP4Parts(kind, of: whole)
      return Entry(
        tensor: CheckpointTensor(
          name: "\(name)_\(kind)", type: part.type, shape: part.shape,
          source: TensorSource(.quantized(part))),
        type: part.type, byteCount: try part.shape.byteCount(of: part.type))
    }
  }
}

extension TensorSource {
  /// What sources are that take all turns in one stretch of a file; `nil` where they are not that.
  fileprivate static func whole(of sources: [TensorSource]) -> Content? {
    guard let first = sources.first, case .file(let file, let offset) = first.content else {
      return nil
    }
    for (place, source) in sources.enumerated() {
      guard case .file(let other, offset) = source.content, other === file,
        source.turn == Turn(place, of: sources.count), source.isTransposed == first.isTransposed
      else { return nil }
    }
    return first.content
  }
}

extension Checkpoint {
  /// Whether all experts are in blocks of MXFP4.
  var hasBlocksOfExperts: Bool {
    let experts = tensors.filter { $0.name.hasSuffix("_exps.weight") }
    return !experts.isEmpty && experts.allSatisfy { $0.type == .mxfp4 }
  }
}
