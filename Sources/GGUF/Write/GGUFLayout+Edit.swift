import TensorCore

/// Headers that change in front of data that do not.
extension GGUFLayout {
  /// Holds nothing but room, so that a later header of another length fits.
  public static let roomKey = "quern.room"

  /// The layout of a file with other metadata and other names, its data as they are.
  ///
  /// Version, byte order, and where each tensor lies among the data stay.
  ///
  /// - Parameters:
  ///   - names: One for each tensor of `header`, in its order.
  ///   - dataByteCount: Bytes behind the header.
  ///   - dataOffset: Where the data have to begin; `nil` for as early as they can. Room that is left over
  ///     is taken by the key ``roomKey``, for the data begin right behind the header.
  /// - Throws: ``GGUFError`` with `.headerTooLong` when the header does not fit before `dataOffset`, and as
  ///   ``init(metadata:tensors:byteOrder:)``.
  public init(
    editing header: GGUFHeader, metadata: GGUFMetadata, names: [String], dataByteCount: Int,
    dataOffset: Int? = nil
  ) throws(GGUFError) {
    var metadata = metadata
    metadata[Self.roomKey] = nil
    func layout(_ metadata: GGUFMetadata) throws(GGUFError) -> GGUFLayout {
      try GGUFLayout(
        version: header.version, byteOrder: header.byteOrder, metadata: metadata,
        tensors: zip(header.tensors, names).map { ($1, $0.type, $0.shape) },
        offsets: header.tensors.map { $0.offset - header.dataOffset },
        dataByteCount: dataByteCount)
    }
    let least = try layout(metadata)
    guard let dataOffset, least.header.count != dataOffset else {
      self = least
      return
    }
    let room = dataOffset - least.unpaddedByteCount
    guard room >= Self.leastRoom else {
      // Alignments below 32 can leave a gap that the key itself does not fit into.
      let byteCount = least.unpaddedByteCount + (room > 0 ? Self.leastRoom : 0)
      throw GGUFError(.headerTooLong(byteCount: byteCount, available: dataOffset))
    }
    metadata[Self.roomKey] = .string(String(repeating: " ", count: room - Self.leastRoom))
    self = try layout(metadata)
  }

  /// Bytes that ``roomKey`` takes with no room in it: its own string, a type and the count of a string.
  private static let leastRoom = 8 + roomKey.utf8.count + 4 + 8

  /// Where the data of an edited file may begin, so that `byteCount` bytes of room are left before them.
  ///
  /// The place is one whole pages from where they began: a file system that can then lets both files
  /// share them.
  public func dataOffset(leaving byteCount: Int, keepingPagesOf header: GGUFHeader) -> Int {
    let least = unpaddedByteCount + Self.leastRoom + byteCount
    let step = max(Self.pageByteCount, alignment)
    let distance = least - header.dataOffset
    return header.dataOffset + distance.rounded(upToMultipleOf: step)
  }

  private static let pageByteCount = 4096
}
