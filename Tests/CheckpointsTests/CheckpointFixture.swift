import Checkpoints
import Foundation
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Tokenizers

extension CheckpointFixture {
  /// What llama.cpp's converter makes of it.
  var expected: JSONValue { get throws { try JSONValue(parsing: readBytes(expectedPath)) } }

  /// Keys that the converter leaves out and llama.cpp wants.
  var addedKeys: Set<String> {
    self == .qwen ? ["qwen.attention.layer_norm_rms_epsilon"] : []
  }

  /// A copy under `name` in a folder that goes away with the copy.
  func copy(named name: String? = nil) throws -> CheckpointCopy {
    try CheckpointCopy(of: path, named: name ?? rawValue)
  }
}

/// A checkpoint read from a folder, taken for one read from a GGUF with the same tensors.
func asGGUF(_ path: FilePath) throws -> Checkpoint {
  var checkpoint = try Checkpoint(at: path)
  checkpoint.origin = .gguf
  return checkpoint
}

func json(_ name: String, of folder: HuggingFaceFolder) throws -> JSONValue {
  let file = try #require(folder.textFiles.first { $0.name == name }, "\(name)")
  return try JSONValue(parsing: file.bytes)
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

  func write(_ bytes: [UInt8], as name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path.appending(name).string))
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
  /// The stored bytes, row by row in the order of the result, before anything is added to values.
  var bytes: [UInt8] {
    if source.isScattered { return scatteredBytes }
    // The elements of a vector are turned as the rows of a matrix are.
    let rows = shape.dimensions.count == 1 ? shape.elementCount : shape.rows
    switch source.content {
    case .values(let values):
      return values.flatMap { value in
        withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
      }
    case .parts(let parts):
      let byteCount = shape.elementCount * type.bytesPerBlock / parts.count
      return parts.flatMap { part in
        part.file.withBytes { Array($0[part.offset..<part.offset + byteCount]) }
      }
    case .quantized(let weight):
      return (0..<rows).flatMap { weight.bytes(of: source.rowOrder.storedRow(of: $0, rows: rows)) }
    case .inTurn: return []
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

extension CheckpointTensor {
  /// Element by element, of plain types.
  private var scatteredBytes: [UInt8] {
    let contents =
      if case .inTurn(let contents) = source.content { contents } else { [source.content] }
    let (columns, turn) = (shape.columns / contents.count, source.turn ?? Turn(0, of: 1))
    let height = source.isTransposed ? shape.dimensions[shape.dimensions.count - 2] : 1
    return (0..<shape.elementCount).flatMap { place -> [UInt8] in
      let (row, column) = place.quotientAndRemainder(dividingBy: shape.columns)
      let own = column / contents.count
      let stored =
        source.isTransposed
        ? (row / height * columns + own) * height * turn.count + turn.index(of: row % height)
        : row * columns * turn.count + turn.index(of: own)
      guard case .file(let file, let offset) = contents[column % contents.count] else { return [] }
      let start = offset + stored * type.bytesPerBlock
      return file.withBytes { Array($0[start..<start + type.bytesPerBlock]) }
    }
  }
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
