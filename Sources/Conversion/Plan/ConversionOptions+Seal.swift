import GGUF
import Integrity
import Safetensors
import TensorCore

/// Room for the seal, in headers that are laid out before any byte is known.
extension ConversionOptions {
  /// The metadata of a file with tensors of these sizes.
  func completed(_ metadata: GGUFMetadata, _ byteCounts: [Int]) -> GGUFMetadata {
    isSealed ? metadata.withRoomForSeal(of: byteCounts) : metadata.withoutSeal
  }

  /// A safetensors file with these tensors, and room for its seal.
  func layout(
    _ metadata: [String: String], _ tensors: [SafetensorsLayout.TensorInfo]
  ) throws -> SafetensorsLayout {
    guard isSealed else {
      return try SafetensorsLayout(metadata: metadata.withoutSeal, tensors: tensors)
    }
    let byteCounts = try tensors.map { try $0.shape.byteCount(of: $0.type) }
    return try SafetensorsLayout(
      metadata: metadata.withRoomForSeal(of: byteCounts), tensors: tensors)
  }

  /// The same file with room for its seal.
  func layout(_ layout: SafetensorsLayout) throws -> SafetensorsLayout {
    guard isSealed else { return layout }
    let header = try layout.header.withUnsafeBytes {
      try SafetensorsHeader(parsing: $0, requiringData: false)
    }
    return try self.layout(
      header.metadata, layout.tensors.map { ($0.name, $0.type, $0.shape) })
  }

  /// What digests are taken of; `nil` of a file that is not sealed.
  func chunks(of tensors: [PlannedTensor]) -> ChunkMap? {
    isSealed ? ChunkMap(tensors.map { $0.offset..<$0.offset + $0.byteCount }) : nil
  }
}
