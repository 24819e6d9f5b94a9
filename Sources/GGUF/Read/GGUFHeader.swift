public import TensorCore

/// Everything before the tensor data of a GGUF file, checked.
///
/// ```
/// magic u32 | version u32 | tensor count u64 | pair count u64
/// pairs:   key string, value type u32, value
/// tensors: name string, dimension count u32, extents u64 (fastest first), type u32, offset u64
/// padding to general.alignment | tensor data
/// ```
/// A string is a u64 byte count and its bytes. Offsets count from the start of the tensor data. Numbers are
/// little-endian unless the version reads right the other way round; then so is the tensor data.
///
/// - Source: ggml's docs/gguf.md, versions 2 and 3.
public struct GGUFHeader: Sendable {
  public let version: UInt32
  public let byteOrder: ByteOrder
  public let metadata: GGUFMetadata
  public let tensors: [GGUFTensor]
  /// Bytes that tensor offsets are multiples of.
  public let alignment: Int
  /// Bytes from the start of the file to the tensor data.
  public let dataOffset: Int
  /// Where the value of each key lies in the file, its type left out.
  package let valuePlaces: [String: Range<Int>]

  static let magic: UInt32 = 0x4655_4747  // "GGUF", first byte lowest
  static let versions: ClosedRange<UInt32> = 2...3
  static let alignmentKey = "general.alignment"
  static let defaultAlignment = 32
  /// ggml's `GGML_MAX_DIMS`.
  static let dimensionLimit = 4
  /// Bytes of a value's type.
  private static let typeByteCount = 4

  /// Reads the header of a file whose bytes are `bytes`, all of them.
  ///
  /// - Parameter requiringData: Whether data that ends beyond the file is an error. Without, tensors
  ///   may lie partly or wholly beyond the end: for tools that say what is missing.
  public init(
    parsing bytes: UnsafeRawBufferPointer, requiringData: Bool = true
  ) throws(GGUFError) {
    var cursor = GGUFCursor(bytes)
    (version, byteOrder) = try Self.version(&cursor)
    // The least a tensor info takes: an empty name, no extents, a type and an offset.
    let tensorCount = try cursor.count("tensors", minimumByteCount: 8 + 4 + 4 + 8)
    let pairCount = try cursor.count("metadata pairs", minimumByteCount: 8 + 4 + 1)
    (metadata, valuePlaces) = try Self.pairs(&cursor, pairCount)
    alignment = try Self.alignment(in: metadata)
    var infos: [TensorInfo] = []
    infos.reserveCapacity(tensorCount)
    for _ in 0..<tensorCount { infos.append(try TensorInfo(&cursor)) }
    let (padded, overflow) = cursor.offset.addingReportingOverflow(alignment - 1)
    dataOffset = overflow ? bytes.count : padded / alignment * alignment
    tensors = try Self.place(
      infos, from: dataOffset, alignment: alignment, fileEnd: requiringData ? bytes.count : .max)
  }

  /// Reads the magic and the version, which tells the byte order of everything behind it.
  private static func version(
    _ cursor: inout GGUFCursor
  ) throws(GGUFError) -> (UInt32, ByteOrder) {
    let magic: UInt32 = try cursor.load("the magic")
    guard magic == Self.magic else { throw cursor.error(.badMagic(found: magic), at: 0) }
    let found: UInt32 = try cursor.load("the version")
    if found & 0xFFFF == 0, found != 0 { cursor.byteOrder = .big }
    let version = cursor.byteOrder.ordered(found)
    guard versions.contains(version) else {
      throw cursor.error(.unsupportedVersion(version), at: 4)
    }
    return (version, cursor.byteOrder)
  }

  private static func pairs(
    _ cursor: inout GGUFCursor, _ count: Int
  ) throws(GGUFError) -> (GGUFMetadata, places: [String: Range<Int>]) {
    var metadata = GGUFMetadata()
    var places: [String: Range<Int>] = [:]
    for _ in 0..<count {
      let place = cursor.offset
      let key = try cursor.name("a key")
      guard !key.isEmpty else { throw cursor.error(.emptyKey, at: place) }
      cursor.key = key
      guard !metadata.contains(key) else { throw cursor.error(.duplicateKey, at: place) }
      let start = cursor.offset + typeByteCount
      metadata.append(key, try cursor.metadataValue())
      places[key] = start..<cursor.offset
      cursor.key = nil
    }
    return (metadata, places)
  }

  package static func alignment(in metadata: GGUFMetadata) throws(GGUFError) -> Int {
    switch metadata[alignmentKey] {
    case nil: return defaultAlignment
    case .uint32(let value)? where value > 0 && value & (value - 1) == 0: return Int(value)
    case let value?: throw GGUFError(.badAlignment(value), key: alignmentKey)
    }
  }

  /// Turns relative offsets to file offsets and proves that every tensor has its own bytes.
  private static func place(
    _ infos: [TensorInfo], from dataOffset: Int, alignment: Int, fileEnd: Int
  ) throws(GGUFError) -> [GGUFTensor] {
    var seen = Set<String>(minimumCapacity: infos.count)
    var tensors: [GGUFTensor] = []
    tensors.reserveCapacity(infos.count)
    for info in infos {
      guard seen.insert(info.name).inserted else {
        throw GGUFError(.duplicateTensor, at: info.place, tensor: info.name)
      }
      guard info.offset % UInt64(alignment) == 0 else {
        throw GGUFError(
          .misalignedOffset(info.offset, alignment: alignment), at: info.place, tensor: info.name)
      }
      let available = max(0, fileEnd - dataOffset)
      let room = info.offset <= UInt64(available) ? available - Int(info.offset) : 0
      guard info.byteCount <= room else {
        throw GGUFError(
          .dataOutOfBounds(needed: info.byteCount, available: room), at: info.place,
          tensor: info.name)
      }
      // An empty tensor may stand anywhere, but it never points beyond the file.
      let offset = dataOffset + min(Int(clamping: info.offset), available)
      tensors.append(
        GGUFTensor(
          name: info.name, type: info.type, shape: info.shape, offset: offset,
          byteCount: info.byteCount))
    }
    try checkOverlap(tensors)
    return tensors
  }

  private static func checkOverlap(_ tensors: [GGUFTensor]) throws(GGUFError) {
    let ordered = tensors.filter { $0.byteCount > 0 }.sorted { $0.offset < $1.offset }
    for (first, second) in zip(ordered, ordered.dropFirst())
    where first.offset + first.byteCount > second.offset {
      throw GGUFError(.dataOverlap(with: first.name), at: second.offset, tensor: second.name)
    }
  }
}

/// One tensor info as it stands in the header.
private struct TensorInfo {
  let name: String
  let type: TensorType
  let shape: Shape
  let byteCount: Int
  /// Bytes from the start of the tensor data.
  let offset: UInt64
  /// Bytes from the start of the file to this info.
  let place: Int

  init(_ cursor: inout GGUFCursor) throws(GGUFError) {
    place = cursor.offset
    name = try cursor.name("a tensor name")
    cursor.tensor = name
    shape = try Self.shape(&cursor)
    type = try Self.type(&cursor)
    do throws(ShapeError) {
      byteCount = try shape.byteCount(of: type)
    } catch {
      throw cursor.error(.badShape(error))
    }
    offset = try cursor.load("a data offset")
    cursor.tensor = nil
  }

  private static func shape(_ cursor: inout GGUFCursor) throws(GGUFError) -> Shape {
    let place = cursor.offset
    let count: UInt32 = try cursor.load("a dimension count")
    guard count <= GGUFHeader.dimensionLimit else {
      throw cursor.error(.tooManyDimensions(count, limit: GGUFHeader.dimensionLimit), at: place)
    }
    var extents: [Int] = []
    for _ in 0..<count {
      let extent: UInt64 = try cursor.load("an extent")
      guard let value = Int(exactly: extent) else {
        throw cursor.error(.extentTooLarge(extent), at: place)
      }
      extents.append(value)
    }
    do throws(ShapeError) {
      return try Shape(extents.reversed())
    } catch {
      throw cursor.error(.badShape(error), at: place)
    }
  }

  private static func type(_ cursor: inout GGUFCursor) throws(GGUFError) -> TensorType {
    let place = cursor.offset
    let id: UInt32 = try cursor.load("a tensor type")
    if let type = TensorType(ggmlID: id) { return type }
    if let name = TensorType.retiredGGMLTypes[id] {
      throw cursor.error(.retiredType(id: id, name: name), at: place)
    }
    throw cursor.error(.unknownType(id: id), at: place)
  }
}
