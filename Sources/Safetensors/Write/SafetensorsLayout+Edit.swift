import TensorCore

/// Headers that change in front of data that do not.
extension SafetensorsLayout {
  /// The layout of a file with other metadata and other names, its data as they are.
  ///
  /// - Parameters:
  ///   - names: One for each tensor of `header`, in its order.
  ///   - dataOffset: Where the data have to begin; `nil` for as early as they can. Spaces fill what is left.
  /// - Throws: ``SafetensorsError`` with `.headerTooLong` when the header does not fit before `dataOffset`,
  ///   and as ``init(metadata:tensors:)``.
  public init(
    editing header: SafetensorsHeader, metadata: [String: String], names: [String],
    dataOffset: Int? = nil
  ) throws(SafetensorsError) {
    var seen = Set<String>()
    for name in names {
      guard seen.insert(name).inserted else {
        throw SafetensorsError(.duplicateTensor, tensor: name)
      }
      guard name != SafetensorsHeader.metadataKey else {
        throw SafetensorsError(.reservedName, tensor: name)
      }
    }
    var bytes = try Self.header(
      metadata,
      zip(header.tensors, names).map { tensor, name in
        let begin = tensor.offset - header.dataOffset
        return ((name, tensor.type, tensor.shape), begin, begin + tensor.byteCount)
      })
    if let dataOffset { try Self.pad(&bytes, to: dataOffset) }
    let offset = bytes.count
    self.init(
      header: bytes,
      tensors: zip(header.tensors, names).map { tensor, name in
        SafetensorsTensor(
          name: name, type: tensor.type, shape: tensor.shape,
          offset: tensor.offset - header.dataOffset + offset, byteCount: tensor.byteCount)
      },
      byteCount: offset + (header.tensors.reduce(0) { $0 + $1.byteCount }))
  }

  /// Where the data of an edited file may begin, so that `byteCount` bytes of room are left before them: whole
  /// pages from where they began, so that a file system that can lets both files share them.
  public func dataOffset(leaving byteCount: Int, keepingPagesOf header: SafetensorsHeader) -> Int {
    let distance = self.header.count + byteCount - header.dataOffset
    return header.dataOffset + (distance + 4095) & ~4095
  }

  /// Fills a header up with spaces, or takes those away that are too many.
  private static func pad(_ bytes: inout [UInt8], to byteCount: Int) throws(SafetensorsError) {
    while bytes.count > max(byteCount, 8), bytes.last == 0x20 { bytes.removeLast() }
    guard bytes.count <= byteCount else {
      throw SafetensorsError(.headerTooLong(byteCount: bytes.count, available: byteCount))
    }
    bytes.append(contentsOf: repeatElement(0x20, count: byteCount - bytes.count))
    let count = UInt64(bytes.count - 8)
    guard count <= UInt64(SafetensorsHeader.byteCountLimit) else {
      throw SafetensorsError(
        .headerTooLarge(byteCount: count, limit: SafetensorsHeader.byteCountLimit))
    }
    withUnsafeBytes(of: count.littleEndian) { bytes.replaceSubrange(0..<8, with: $0) }
  }
}
