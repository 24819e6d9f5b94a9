import Checkpoints
import Foundation
import SystemPackage
import TensorCore
import TestSupport
import Tokenizers

/// The tiny checkpoints in `Fixtures`, and edited copies of them.
enum CheckpointFixture: String, CaseIterable, Sendable, CustomStringConvertible {
  case llama = "tiny-llama"
  case qwen2 = "tiny-qwen2"

  var description: String { rawValue }

  private static var folder: FilePath {
    var path = FilePath(#filePath)
    for _ in 0..<3 { path.removeLastComponent() }
    return path.appending("Fixtures").appending("checkpoints")
  }

  var path: FilePath { Self.folder.appending(rawValue) }

  /// What llama.cpp's converter makes of it.
  var expected: JSONValue {
    get throws {
      let path = Self.folder.appending("expected").appending(rawValue + ".json")
      return try JSONValue(parsing: readBytes(path))
    }
  }

  /// A copy under `name` in a folder that goes away with the copy.
  func copy(named name: String? = nil) throws -> CheckpointCopy {
    try CheckpointCopy(of: path, named: name ?? rawValue)
  }
}

/// A checkpoint to change.
final class CheckpointCopy: Sendable {
  private let temporary: TemporaryFolder
  let path: FilePath

  init(of source: FilePath, named name: String) throws {
    temporary = try TemporaryFolder()
    path = temporary.path.appending(name)
    try FileManager.default.copyItem(atPath: source.string, toPath: path.string)
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: path.appending(name).string)
  }

  func write(_ text: String, as name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path.appending(name).string))
  }

  /// Replaces text that must be there.
  func replace(_ old: String, with new: String, in name: String = "config.json") throws {
    let text = String(decoding: try readBytes(path.appending(name)), as: UTF8.self)
    guard text.contains(old) else { throw MissingText(text: old) }
    try write(text.replacing(old, with: new), as: name)
  }

  private struct MissingText: Error { let text: String }
}

extension CheckpointTensor {
  /// The stored bytes, row by row in the order of the result.
  var bytes: [UInt8] {
    let rows = shape.rows
    switch source.content {
    case .values(let values):
      return values.flatMap { value in
        withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
      }
    case .quantized(let weight):
      return (0..<rows).flatMap { weight.bytes(of: source.rowOrder.storedRow(of: $0, rows: rows)) }
    case .file(let file, let offset):
      let byteCount = shape.elementCount * type.bytesPerBlock
      let rowByteCount = byteCount / max(rows, 1)
      return file.withBytes { all in
        (0..<rows).flatMap { row -> [UInt8] in
          let stored = source.rowOrder.storedRow(of: row, rows: rows)
          return Array(all[offset + stored * rowByteCount..<offset + (stored + 1) * rowByteCount])
        }
      }
    }
  }
}

/// FNV-1a, 64 bits, as `expect.py` computes it.
func digest(_ bytes: [UInt8]) -> String {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// Writes a folder as a conversion would, every tensor in the type that it has.
func write(_ folder: HuggingFaceFolder, into path: FilePath) throws {
  try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
  for file in folder.textFiles {
    try Data(file.bytes).write(to: URL(fileURLWithPath: path.appending(file.name).string))
  }
  for shard in folder.shards {
    var bytes = shard.layout.header
    for tensor in shard.tensors { bytes += tensor.bytes }
    try Data(bytes).write(to: URL(fileURLWithPath: path.appending(shard.name).string))
  }
}
