import SystemPackage
import TensorCore

/// Gives the tensors of a GGUF their Hugging Face names, types and row orders.
struct FolderTensors {
  struct Entry {
    /// Under its Hugging Face name, its source in Hugging Face's order of rows.
    let tensor: CheckpointTensor
    /// What it is written as.
    let type: TensorType
    let byteCount: Int
  }

  private let architecture: Architecture
  let decoder: DecoderConfig
  let path: FilePath?
  /// Whether experts in MXFP4 stay what they are.
  let keepsBlocks: Bool
  /// By GGUF name, with its place in the architecture.
  private let pairs: [String: (place: Int, pair: TensorPair)]

  init(
    _ architecture: Architecture, _ decoder: DecoderConfig, path: FilePath?,
    keepsBlocks: Bool = false
  ) {
    self.architecture = architecture
    self.decoder = decoder
    self.path = path
    self.keepsBlocks = keepsBlocks
    pairs = Dictionary(
      uniqueKeysWithValues: architecture.tensors.enumerated().map {
        ($0.element.gguf, ($0.offset, $0.element))
      })
  }

  /// The tensors in the order of the model: embedding, layer by layer, the rest.
  func tensors(
    of checkpoint: Checkpoint, type: TensorType, keepsExact: Bool
  ) throws -> [Entry] {
    var found: [LayeredName: (order: [Int], entries: [Entry])] = [:]
    var waiting: [LayeredName: [TurnTaker]] = [:]
    let lastPlace = architecture.tensors.count
    let firstLayered = architecture.tensors.firstIndex { $0.gguf.contains("#") } ?? 0
    for tensor in checkpoint.tensors
    where tensor.name != "rope_freqs.weight"
      && !RotaryScaling.LongRope.tensorNames.contains(tensor.name)
    {
      let name = LayeredName(tensor.name)
      guard let (place, pair) = pairs[name.pattern], name.layer ?? 0 < decoder.layerCount else {
        throw failure(.unknownTensor(tensor.name))
      }
      let order =
        name.layer.map { [firstLayered, $0, place] } ?? [
          place < firstLayered ? place : lastPlace, place,
        ]
      if pair.isByHead {
        for (head, piece) in try rows(of: tensor, pair, name.layer).enumerated() {
          let piece = try entry(of: piece, type, keepsExact: keepsExact)
          found[LayeredName("\(tensor.name).\(head)")] = (order + [head], [piece])
        }
        continue
      }
      let entries =
        if pair.turn != nil || (keepsBlocks && pair.isTransposed) {
          try joined(tensor, pair, name.layer, &waiting, type, keepsExact: keepsExact)
        } else if pair.isStacked {
          try experts(tensor, pair, name.layer, type)
        } else {
          [try entry(tensor, pair, name.layer, type, keepsExact)]
        }
      found[name] = (order, entries)
    }
    try checkComplete(Set(found.keys))
    return found.values.sorted { $0.order.lexicographicallyPrecedes($1.order) }
      .flatMap(\.entries)
  }

  func failure(_ reason: CheckpointError.Reason) -> CheckpointError {
    CheckpointError(reason, path: path)
  }

  func check(_ tensor: CheckpointTensor, _ pair: TensorPair) throws -> Shape {
    let expected = try Shape(pair.extents.map(decoder.extent))
    // Quantizers leave out outer extents of 1.
    let inner = Array(expected.dimensions.drop { $0 == 1 })
    guard tensor.shape == expected || tensor.shape.dimensions == inner else {
      throw failure(.wrongShape(tensor: tensor.name, expected: expected, found: tensor.shape))
    }
    guard tensor.source.padding == nil || !pair.isTransposed && pair.turn == nil else {
      throw failure(.cannotPad(tensor: tensor.name))
    }
    return expected
  }

  /// A tensor for each of the experts that a GGUF stacks.
  private func experts(
    _ tensor: CheckpointTensor, _ pair: TensorPair, _ layer: Int?, _ type: TensorType
  ) throws -> [Entry] {
    let extents = try check(tensor, pair).dimensions
    let shape = try Shape(Array(extents.dropFirst()))
    let (stored, byteCount) = try (shape.byteCount(of: tensor.type), shape.byteCount(of: type))
    return try (0..<(extents.first ?? 0)).map { expert in
      let matrix = tensor.source.content.matrix(expert, of: extents[0], byteCount: stored)
      guard let matrix else { throw failure(.wrongType(tensor: tensor.name, tensor.type)) }
      let result = CheckpointTensor(
        name: LayeredName.spell(pair.huggingFace, layer: layer, expert: expert), type: tensor.type,
        shape: shape, source: TensorSource(matrix, byteOrder: tensor.source.byteOrder))
      return Entry(tensor: result, type: type, byteCount: byteCount)
    }
  }

  private func entry(
    _ tensor: CheckpointTensor, _ pair: TensorPair, _ layer: Int?, _ type: TensorType,
    _ keepsExact: Bool
  ) throws -> Entry {
    let expected = try check(tensor, pair)
    var result = tensor
    result.name = LayeredName.spell(pair.huggingFace, layer: layer)
    result.shape = expected
    if let turned = pair.turned {
      let (rows, heads) = (expected.dimensions.first ?? 0, decoder.heads(turned))
      guard rows % heads == 0, rows / heads % 2 == 0 else {
        throw failure(.unevenHeads(tensor: tensor.name, rows: rows, heads: heads))
      }
      // Rows that were turned on the way in are where they came from.
      result.source.rowOrder =
        tensor.source.rowOrder == .pairs(heads: heads) ? .asStored : .halves(heads: heads)
    }
    result.source.shift -= pair.shift
    if pair.isTransposed {
      result.shape = try pair.storedShape(expected.dimensions)
      result.source.isTransposed.toggle()
    }
    return try entry(of: result, type, keepsExact: keepsExact && pair.isWide)
  }

  private func entry(
    of tensor: CheckpointTensor, _ type: TensorType, keepsExact: Bool
  ) throws -> Entry {
    let kept = keepsExact && tensor.losesPrecision(in: type) ? TensorType.f32 : type
    return Entry(tensor: tensor, type: kept, byteCount: try tensor.shape.byteCount(of: kept))
  }

  /// The tensors of the heads, under their names.
  private func rows(
    of tensor: CheckpointTensor, _ pair: TensorPair, _ layer: Int?
  ) throws -> [CheckpointTensor] {
    let expected = try Shape(pair.extents.map(decoder.extent))
    guard tensor.shape == expected else {
      throw failure(.wrongShape(tensor: tensor.name, expected: expected, found: tensor.shape))
    }
    guard var rows = try tensor.rows() else {
      throw failure(.wrongType(tensor: tensor.name, tensor.type))
    }
    for head in rows.indices { rows[head].name = pair.spell(layer: layer, head: head) }
    return rows
  }

  private func checkComplete(_ found: Set<LayeredName>) throws {
    for layer in 0..<decoder.layerCount {
      for pair in architecture.tensors where pair.gguf.contains("#") || layer == 0 {
        let name = LayeredName.spell(pair.gguf, layer: layer)
        // A bias that the first layer has, all have; and the biases of attention come together.
        let isNeeded =
          pair.isOptional
          ? !pair.isOutput && needsBias(pair, found) : true
        guard !isNeeded || found.contains(LayeredName(name)) else {
          throw failure(.missingTensor(name))
        }
      }
    }
  }

  /// Whether `config.json` would promise this optional tensor.
  private func needsBias(_ pair: TensorPair, _ found: Set<LayeredName>) -> Bool {
    let group = pair.gguf.hasPrefix("blk.#.attn_") ? "blk.0.attn_" : "blk.0.ffn_"
    return architecture.tensors.contains { other in
      let name = LayeredName.spell(other.gguf, layer: 0)
      return other.isOptional && name.hasPrefix(group) && found.contains(LayeredName(name))
        && other.isBias == pair.isBias
    }
  }
}

extension TensorPair {
  /// Whether a GGUF keeps it in single precision whatever the weights are: vectors, and the table of positions.
  var isWide: Bool { extents.count == 1 || isBias || extents.first == .positions }
}

extension CheckpointTensor {
  /// Tensors larger than this are not looked at.
  private static var vectorLimit: Int { 1 << 22 }

  /// Whether this is small, in single precision and with values that `other` does not have.
  func losesPrecision(in other: TensorType) -> Bool {
    guard type == .f32, other != .f32, shape.elementCount <= Self.vectorLimit
    else { return false }
    return !vector.allSatisfy { stored in
      let value = stored + source.shift
      return switch other {
      // Where sums were rounded, what is rounded back to the same sum is as good.
      case .bf16: value.roundedToBrain - source.shift == stored
      case .f16:
        value == 0
          || value.bitPattern & 0x1FFF == 0 && abs(value) <= 65_504 && abs(value) >= 0x1p-14
      default: false
      }
    }
  }
}

extension Float {
  /// The nearest value of BF16, of two the even one.
  fileprivate var roundedToBrain: Float {
    guard isFinite else { return self }
    let odd = bitPattern >> 16 & 1
    return Float(bitPattern: (bitPattern + 0x7FFF + odd) & 0xFFFF_0000)
  }
}

extension Checkpoint {
  /// The file, or the folder, that the tensors lie in.
  var path: FilePath? {
    for tensor in tensors {
      if let file = tensor.source.files.first {
        return origin == .gguf ? file.path : file.path.folder
      }
    }
    return files.first
  }

  /// The plain type that most elements have; BF16 where most are quantized.
  ///
  /// - Parameter leftOut: Tensors of this type do not count.
  func plainType(besides leftOut: TensorType? = nil) -> TensorType {
    var elements: [TensorType: Int] = [:]
    for tensor in tensors where tensor.type != leftOut {
      elements[tensor.type, default: 0] += tensor.shape.elementCount
    }
    let most = elements.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key
    return most.flatMap { [.f32, .f16, .bf16].contains($0) ? $0 : nil } ?? .bf16
  }
}
