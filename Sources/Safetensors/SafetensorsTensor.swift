public import TensorCore

/// Where one tensor lies in a safetensors file.
public struct SafetensorsTensor: Sendable, Hashable {
  public let name: String
  public let type: TensorType
  /// Extents, outermost first.
  public let shape: Shape
  /// Bytes from the start of the file.
  public let offset: Int
  public let byteCount: Int

  public init(name: String, type: TensorType, shape: Shape, offset: Int, byteCount: Int) {
    self.name = name
    self.type = type
    self.shape = shape
    self.offset = offset
    self.byteCount = byteCount
  }
}
