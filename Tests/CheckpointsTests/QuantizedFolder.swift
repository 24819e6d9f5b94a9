import Checkpoints
import Foundation
import Safetensors
import SystemPackage
import TensorCore
import TestSupport

extension QuantizedWeight {
  /// Unpacked bytes of one row.
  func bytes(of row: Int) -> [UInt8] { bytes(of: row..<row + 1) }

  func bytes(of rows: Range<Int>) -> [UInt8] {
    let rowByteCount = shape.columns / type.elementsPerBlock * type.bytesPerBlock
    var bytes = [UInt8](repeating: 0xAA, count: rows.count * rowByteCount)
    bytes.withUnsafeMutableBytes { unpack(rows, into: $0) }
    return bytes
  }
}

/// A copy of a quantized checkpoint to spoil.
final class QuantizedFolder {
  struct Tensor {
    var type: TensorType
    var extents: [Int]
    var bytes: [UInt8]
  }

  let path: FilePath
  var tensors: [String: Tensor] = [:]
  private let temporary: TemporaryFolder

  init(_ fixture: QuantizedFixture) throws {
    temporary = try TemporaryFolder()
    path = try fixture.copy(into: temporary)
    let stored = try SafetensorsCheckpoint(path)
    for entry in stored.tensors {
      tensors[entry.tensor.name] = Tensor(
        type: entry.tensor.type, extents: entry.tensor.shape.dimensions,
        bytes: withExtendedLifetime(stored) { Array(stored.bytes(of: entry)) })
    }
  }

  /// Writes the tensors as they are now.
  func write() throws {
    let layout = try SafetensorsLayout(
      metadata: [:],
      tensors: try tensors.sorted { $0.key < $1.key }.map {
        ($0.key, $0.value.type, try Shape($0.value.extents))
      })
    var bytes = layout.header
    for place in layout.tensors { bytes += tensors[place.name]?.bytes ?? [] }
    try Data(bytes).write(
      to: URL(fileURLWithPath: path.appending("model.safetensors").string))
  }

  /// Replaces text of `config.json`.
  func replace(_ old: String, with new: String) throws {
    let config = path.appending("config.json")
    let text = String(decoding: try readBytes(config), as: UTF8.self)
    guard text.contains(old) else { throw MissingText(text: old) }
    try Data(text.replacing(old, with: new).utf8).write(
      to: URL(fileURLWithPath: config.string))
  }

  private struct MissingText: Error { let text: String }
}
