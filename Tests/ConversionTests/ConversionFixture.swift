import BlockQuant
import Foundation
import GGUF
import Safetensors
import SystemPackage
import TensorCore
import TestSupport

/// A folder with files to convert, and what should come out of them.
struct ConversionFixture {
  typealias Tensor = (name: String, type: TensorType, values: [[Float]])

  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Where a file of this name is or will be.
  func path(_ name: String) -> FilePath { folder.path.appending(name) }

  /// Values that repeat in no simple pattern, between -1 and 1.
  static func noise(rows: Int, columns: Int, seed: UInt64 = 1) -> [[Float]] {
    var state = seed
    return (0..<rows).map { _ in
      (0..<columns).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
      }
    }
  }

  /// One matrix of each kind that a dense model has.
  static func model(columns: Int = 256, type: TensorType = .f32) -> [Tensor] {
    [
      ("output_norm.weight", .f32, noise(rows: 1, columns: columns, seed: 2)),
      ("token_embd.weight", type, noise(rows: 37, columns: columns, seed: 3)),
      ("blk.0.attn_q.weight", type, noise(rows: 16, columns: columns, seed: 4)),
      ("blk.0.attn_q.bias", .f32, noise(rows: 1, columns: 16, seed: 5)),
      ("blk.0.ffn_down.weight", type, noise(rows: columns, columns: 96, seed: 6)),
    ]
  }

  /// Writes a GGUF and returns its path.
  func gguf(
    _ tensors: [Tensor], as name: String = "source.gguf", metadata more: GGUFMetadata = .init()
  ) throws -> FilePath {
    var metadata = GGUFMetadata([
      ("general.architecture", .string("llama")), ("general.name", .string("grain")),
      ("llama.block_count", .uint32(1)), ("llama.attention.head_count", .uint32(4)),
      ("llama.attention.head_count_kv", .uint32(2)), ("general.file_type", .uint32(0)),
      ("general.quantization_version", .uint32(2)),
    ])
    for (key, value) in more.entries { metadata[key] = value }
    let layout = try GGUFLayout(
      metadata: metadata, tensors: tensors.map { ($0.name, $0.type, try Self.shape(of: $0)) })
    var bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    for (tensor, place) in zip(tensors, layout.tensors) {
      bytes.replaceSubrange(
        place.offset..<place.offset + place.byteCount,
        with: Self.encoded(tensor.values, as: tensor.type))
    }
    return try folder.write(bytes, as: name)
  }

  /// Writes a safetensors file and returns its path.
  func safetensors(_ tensors: [Tensor], as name: String = "source.safetensors") throws -> FilePath {
    let layout = try SafetensorsLayout(
      metadata: ["format": "pt"],
      tensors: tensors.map { ($0.name, $0.type, try Self.shape(of: $0)) })
    var bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    for place in layout.tensors {
      let tensor = tensors.first { $0.name == place.name }
      bytes.replaceSubrange(
        place.offset..<place.offset + place.byteCount,
        with: Self.encoded(tensor?.values ?? [], as: place.type))
    }
    return try folder.write(bytes, as: name)
  }

  /// A single row is a vector.
  private static func shape(of tensor: Tensor) throws -> Shape {
    let columns = tensor.values.first?.count ?? 0
    return try Shape(tensor.values.count == 1 ? [columns] : [tensor.values.count, columns])
  }

  /// The bytes of rows in a type, encoded one row at a time.
  static func encoded(_ rows: [[Float]], as type: TensorType) -> [UInt8] {
    guard let codec = BlockCodec(type) else { return [] }
    return rows.flatMap { row in
      [UInt8](unsafeUninitializedCapacity: codec.byteCount(elementCount: row.count)) {
        bytes, count in
        count = bytes.count
        row.withUnsafeBufferPointer {
          codec.encode($0, rows: 1, columns: row.count, into: UnsafeMutableRawBufferPointer(bytes))
        }
      }
    }
  }

  /// The values that rows have after they went through a type.
  static func rounded(_ rows: [[Float]], through type: TensorType) -> [[Float]] {
    guard let codec = BlockCodec(type) else { return [] }
    return rows.map { row in
      let bytes = encoded([row], as: type)
      return [Float](unsafeUninitializedCapacity: row.count) { values, count in
        count = row.count
        bytes.withUnsafeBytes {
          codec.decode($0, into: UnsafeMutableBufferPointer(rebasing: values[0..<row.count]))
        }
      }
    }
  }
}
