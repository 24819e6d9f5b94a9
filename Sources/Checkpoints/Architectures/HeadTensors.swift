import Safetensors
import SystemPackage
import TensorCore

/// Small tensors that Hugging Face keeps one by one for each head, and a GGUF as the rows of one matrix in
/// single precision.
///
/// `*` stands for the number of the head in the name of a ``TensorPair``, whose first extent counts the heads.
struct HeadTensors {
  private let pairs: [TensorPair]
  private let decoder: DecoderConfig
  private let path: FilePath
  private var found: [LayeredName: [Int: [Float]]] = [:]

  init(_ architecture: Architecture, _ decoder: DecoderConfig, path: FilePath) {
    pairs = architecture.tensors.filter(\.isByHead)
    self.decoder = decoder
    self.path = path
  }

  /// Reads a tensor that is one head's.
  ///
  /// - Returns: Whether it is.
  /// - Throws: ``CheckpointError`` when it is not of the shape or type that it should have, or `FileError`.
  mutating func take(_ tensor: StoredTensor) throws -> Bool {
    let name = LayeredName(tensor.name)
    guard name.layer ?? 0 < decoder.layerCount, case .file(let file, let offset) = tensor.content
    else { return false }
    for pair in pairs {
      guard let head = pair.head(of: name.pattern), head < decoder.extent(pair.extents[0]) else {
        continue
      }
      let expected = try Shape(pair.extents.dropFirst().map(decoder.extent))
      guard tensor.shape == expected else {
        throw CheckpointError(
          .wrongShape(tensor: tensor.name, expected: expected, found: tensor.shape), path: path)
      }
      let end = offset + (try tensor.shape.byteCount(of: tensor.type))
      let values = try file.withUnchangedBytes {
        UnsafeRawBufferPointer(rebasing: $0[offset..<end]).floats(of: tensor.type)
      }
      guard let values else {
        throw CheckpointError(.wrongType(tensor: tensor.name, tensor.type), path: path)
      }
      let row = LayeredName(LayeredName.spell(pair.gguf, layer: name.layer))
      found[row, default: [:]][head] = values
      return true
    }
    return false
  }

  /// The matrices of all heads.
  ///
  /// - Throws: ``CheckpointError`` when a head lacks its tensor.
  func tensors() throws -> [CheckpointTensor] {
    var tensors: [CheckpointTensor] = []
    for pair in pairs {
      for layer in 0..<decoder.layerCount {
        let name = LayeredName.spell(pair.gguf, layer: layer)
        guard let rows = found[LayeredName(name)] else { continue }
        let shape = try Shape(pair.extents.map(decoder.extent))
        let values = try (0..<shape.rows).flatMap { head -> [Float] in
          guard let row = rows[head] else {
            throw CheckpointError(
              .missingTensor(pair.spell(layer: layer, head: head)), path: path)
          }
          return row
        }
        tensors.append(
          CheckpointTensor(
            name: name, type: .f32, shape: shape, source: TensorSource(.values(values))))
      }
    }
    return tensors
  }
}

extension TensorPair {
  /// Whether Hugging Face has a tensor for each head.
  var isByHead: Bool { huggingFace.contains("*") }

  /// Hugging Face's name of the tensor of one head.
  func spell(layer: Int?, head: Int) -> String {
    LayeredName.spell(huggingFace, layer: layer).replacing("*", with: "\(head)")
  }

  /// The head that a name with its layer taken out means.
  fileprivate func head(of pattern: String) -> Int? {
    guard let star = huggingFace.firstIndex(of: "*") else { return nil }
    let (start, end) = (huggingFace[..<star], huggingFace[huggingFace.index(after: star)...])
    guard pattern.hasPrefix(start), pattern.hasSuffix(end),
      pattern.count > start.count + end.count
    else { return nil }
    let digits = pattern.dropFirst(start.count).dropLast(end.count)
    guard let head = Int(digits), head >= 0, String(head) == digits else { return nil }
    return head
  }
}

extension CheckpointTensor {
  /// The rows of a matrix as tensors of their own.
  ///
  /// - Returns: `nil` when it is not in plain floats.
  func rows() throws -> [CheckpointTensor]? {
    guard [.f32, .f16, .bf16].contains(type), !source.isQuantized else { return nil }
    if case .parts = source.content { return nil }
    if source.isScattered { return nil }
    let columns = shape.columns
    return try (0..<shape.rows).map { row in
      var piece = self
      piece.shape = try Shape([columns])
      switch source.content {
      case .quantized, .parts, .inTurn: break
      case .values(let values):
        piece.source.content = .values(Array(values[row * columns..<(row + 1) * columns]))
      case .file(let file, let offset):
        piece.source.content = .file(
          file, offset: offset + row * columns * type.bytesPerBlock)
      }
      return piece
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Little-endian plain floats in single precision; `nil` for another type.
  fileprivate func floats(of type: TensorType) -> [Float]? {
    func bits<Bits: FixedWidthInteger>(_: Bits.Type, _ float: (Bits) -> Float) -> [Float] {
      stride(from: 0, to: count, by: MemoryLayout<Bits>.size).map {
        float(Bits(littleEndian: loadUnaligned(fromByteOffset: $0, as: Bits.self)))
      }
    }
    return switch type {
    case .f32: bits(UInt32.self) { Float(bitPattern: $0) }
    case .bf16: bits(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .f16: bits(UInt16.self, Float.init(half:))
    default: nil
    }
  }
}

extension Float {
  /// From the bits of a half: Swift's own has no place on every machine.
  fileprivate init(half bits: UInt16) {
    let magnitude = UInt32(bits & 0x7FFF) << 13
    // Moving the exponent's bias by a product makes subnormal numbers normal.
    let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let isFinite = bits & 0x7C00 != 0x7C00
    self.init(
      bitPattern: (isFinite ? scaled : magnitude | 0x7F80_0000) | UInt32(bits & 0x8000) << 16)
  }
}
