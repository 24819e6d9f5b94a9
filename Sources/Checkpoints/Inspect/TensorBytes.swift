import GGUF
import MappedFiles
import Safetensors
import TensorCore

/// The bytes behind an inspection, read in pieces.
struct TensorBytes: Sendable {
  enum Source: Sendable {
    case gguf(GGUFSet)
    case safetensors(SafetensorsCheckpoint)
    case file(SafetensorsFile)
  }

  let source: Source

  /// Calls `body` with a part of a tensor's bytes, little-endian.
  ///
  /// - Parameter range: Whole blocks.
  func withBytes<Value>(
    of tensor: Inspection.Tensor, in range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Value
  ) -> Value? {
    guard let (bytes, byteOrder) = all(of: tensor), range.upperBound <= bytes.count else {
      return nil
    }
    let part = UnsafeRawBufferPointer(rebasing: bytes[range])
    guard byteOrder == .big, !tensor.type.words.isEmpty else { return body(part) }
    return withUnsafeTemporaryAllocation(byteCount: part.count, alignment: 64) { turned in
      turned.copyMemory(from: part)
      tensor.type.swapWords(in: turned)
      return body(UnsafeRawBufferPointer(turned))
    }
  }

  private func all(of tensor: Inspection.Tensor) -> (UnsafeRawBufferPointer, ByteOrder)? {
    switch source {
    case .gguf(let set):
      set.tensor(tensor.name).map { (set.bytes(of: $0), set.file(of: $0).byteOrder) }
    case .safetensors(let checkpoint):
      checkpoint.tensor(tensor.name).map { (checkpoint.bytes(of: $0), .little) }
    case .file(let file): file.tensor(tensor.name).map { (file.bytes(of: $0), .little) }
    }
  }

  /// Parts of a tensor spread from its start to its end: whole blocks, each a whole number of its own length
  /// from the start; all of the tensor when it is small.
  static func spots(
    of tensor: Inspection.Tensor, count: Int, byteCount: Int
  ) -> [Range<Int>] {
    let block = tensor.type.bytesPerBlock
    let length = max(block, byteCount / block * block)
    guard tensor.byteCount > length * count else {
      return tensor.byteCount > 0 ? [0..<tensor.byteCount] : []
    }
    let room = tensor.byteCount - length
    return (0..<count).map { spot in
      let start = room / max(1, count - 1) * spot / length * length
      return start..<start + length
    }
  }

  func checkUnchanged() throws {
    switch source {
    case .gguf(let set): try set.checkUnchanged()
    case .safetensors(let checkpoint):
      for shard in checkpoint.shards { try shard.file.checkUnchanged() }
    case .file(let file): try file.file.checkUnchanged()
    }
  }
}
