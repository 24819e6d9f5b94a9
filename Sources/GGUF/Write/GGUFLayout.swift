public import TensorCore

/// A GGUF file before its data: the header's bytes, and where each tensor will lie.
///
/// Writing is then: `header` at 0, each tensor's bytes at its offset, zeros between and up to
/// `byteCount`.
public struct GGUFLayout: Sendable {
  /// What a tensor is, before it has a place.
  public typealias TensorInfo = (name: String, type: TensorType, shape: Shape)

  /// Header, padded to the alignment.
  public let header: [UInt8]
  /// In the order given, with offsets from the start of the file.
  public let tensors: [GGUFTensor]
  /// Bytes of the whole file, padding after the last tensor included.
  public let byteCount: Int
  public let alignment: Int
  /// Bytes of the header before its padding.
  let unpaddedByteCount: Int

  /// ggml's `GGML_MAX_NAME` holds a terminating zero besides.
  public static let tensorNameLimit = 63

  /// - Parameters:
  ///   - metadata: Written in its order. `general.alignment` is kept when present and decides the
  ///     alignment.
  ///   - tensors: Their data will lie in this order.
  ///   - byteOrder: Of the header, and of the data that will be written behind it. Version 3 in any case.
  /// - Throws: ``GGUFError`` for a type that GGUF lacks, a shape that does not fill whole blocks,
  ///   a name that is too long or stands twice.
  public init(
    metadata: GGUFMetadata, tensors: [TensorInfo], byteOrder: ByteOrder = .little
  ) throws(GGUFError) {
    let alignment = try GGUFHeader.alignment(in: metadata)
    var offsets: [Int] = []
    var end = 0
    for tensor in tensors {
      offsets.append(end)
      end += try Self.byteCount(of: tensor).rounded(upToMultipleOf: alignment)
    }
    try self.init(
      version: 3, byteOrder: byteOrder, metadata: metadata, tensors: tensors, offsets: offsets,
      dataByteCount: end)
  }

  /// - Parameters:
  ///   - offsets: Where the data of each tensor begins, from the start of all data.
  ///   - dataByteCount: Bytes behind the header.
  init(
    version: UInt32, byteOrder: ByteOrder, metadata: GGUFMetadata, tensors: [TensorInfo],
    offsets: [Int], dataByteCount: Int
  ) throws(GGUFError) {
    alignment = try GGUFHeader.alignment(in: metadata)
    var encoder = GGUFEncoder(byteOrder)
    // The magic is four characters, in this order in every file.
    encoder.append(bytes: Array("GGUF".utf8))
    encoder.append(version)
    encoder.append(UInt64(tensors.count))
    encoder.append(UInt64(metadata.count))
    for (key, value) in metadata.entries {
      encoder.append(key)
      try encoder.append(value, key: key)
    }
    var names = Set<String>()
    for (tensor, offset) in zip(tensors, offsets) {
      guard names.insert(tensor.name).inserted else {
        throw GGUFError(.duplicateTensor, tensor: tensor.name)
      }
      try Self.append(tensor, at: offset, to: &encoder)
    }
    unpaddedByteCount = encoder.bytes.count
    encoder.pad(toMultipleOf: alignment)
    let dataOffset = encoder.bytes.count
    header = encoder.bytes
    byteCount = dataOffset + dataByteCount
    var placed: [GGUFTensor] = []
    for (tensor, offset) in zip(tensors, offsets) {
      placed.append(
        GGUFTensor(
          name: tensor.name, type: tensor.type, shape: tensor.shape, offset: dataOffset + offset,
          byteCount: try Self.byteCount(of: tensor)))
    }
    self.tensors = placed
  }

  private static func byteCount(of tensor: TensorInfo) throws(GGUFError) -> Int {
    do throws(ShapeError) {
      return try tensor.shape.byteCount(of: tensor.type)
    } catch {
      throw GGUFError(.badShape(error), tensor: tensor.name)
    }
  }

  private static func append(
    _ tensor: TensorInfo, at offset: Int, to encoder: inout GGUFEncoder
  ) throws(GGUFError) {
    guard let id = tensor.type.ggmlID else {
      throw GGUFError(.typeNotInGGUF(tensor.type), tensor: tensor.name)
    }
    guard tensor.name.utf8.count <= tensorNameLimit else {
      throw GGUFError(
        .nameTooLong(byteCount: tensor.name.utf8.count, limit: tensorNameLimit),
        tensor: tensor.name)
    }
    guard tensor.shape.dimensions.count <= GGUFHeader.dimensionLimit else {
      throw GGUFError(
        .tooManyDimensions(
          UInt32(clamping: tensor.shape.dimensions.count), limit: GGUFHeader.dimensionLimit),
        tensor: tensor.name)
    }
    encoder.append(tensor.name)
    // ggml has no scalars: one element is a vector of one.
    let extents = tensor.shape.dimensions.isEmpty ? [1] : tensor.shape.dimensions.reversed()
    encoder.append(UInt32(extents.count))
    for extent in extents { encoder.append(UInt64(extent)) }
    encoder.append(id)
    encoder.append(UInt64(offset))
  }
}

extension Int {
  /// - Parameter multiple: A power of two.
  func rounded(upToMultipleOf multiple: Int) -> Int { (self + multiple - 1) & ~(multiple - 1) }
}
