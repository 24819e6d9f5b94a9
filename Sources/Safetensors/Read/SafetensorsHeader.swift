import TensorCore

/// Everything before the tensor data of a safetensors file, checked.
///
/// ```
/// header byte count u64 | header JSON, padded with spaces | tensor data
/// ```
/// The JSON maps each tensor's name to `dtype`, `shape` and `data_offsets` (begin and end, from the
/// start of the tensor data), and `__metadata__` to a map from strings to strings. Tensors cover the
/// data without holes or overlaps.
///
/// - Source: the format section of safetensors' README, and what its reader refuses (0.8).
public struct SafetensorsHeader: Sendable {
  public let metadata: [String: String]
  /// In the order of their data.
  public let tensors: [SafetensorsTensor]
  /// Bytes from the start of the file to the tensor data.
  public let dataOffset: Int
  /// Where the value of each key of the metadata lies in the file, quotes left out.
  package let valuePlaces: [String: Range<Int>]

  /// What the reference reader accepts.
  public static let byteCountLimit = 100_000_000
  static let metadataKey = "__metadata__"

  /// Reads the header of a file whose bytes are `bytes`, all of them.
  ///
  /// - Parameter requiringData: Whether the data have to be there and end with the file.
  public init(
    parsing bytes: UnsafeRawBufferPointer, requiringData: Bool = true
  ) throws(SafetensorsError) {
    let json = try Self.json(of: bytes)
    let dataOffset = 8 + json.count
    self.dataOffset = dataOffset
    var metadata: [String: String] = [:]
    var places: [String: Range<Int>] = [:]
    var infos: [TensorInfo] = []
    var scanner = JSONScanner(json, base: 8)
    try scanner.object { (scanner, key) throws(SafetensorsError) in
      if key == Self.metadataKey {
        // The reference takes null for no metadata.
        guard scanner.peek() != UInt8(ascii: "n") else { return try scanner.skipValue() }
        try scanner.object { (scanner, key) throws(SafetensorsError) in
          scanner.skipSpace()
          let start = scanner.place + 1
          metadata[key] = try scanner.string()
          places[key] = start..<scanner.place - 1
        }
      } else {
        infos.append(try TensorInfo(name: key, &scanner))
      }
    }
    try scanner.expectEnd()
    self.metadata = metadata
    valuePlaces = places
    tensors = try Self.place(
      infos, dataOffset: dataOffset,
      dataCount: requiringData ? bytes.count - dataOffset : Self.dataCount(of: infos))
  }

  private static func json(
    of bytes: UnsafeRawBufferPointer
  ) throws(SafetensorsError) -> UnsafeRawBufferPointer {
    guard bytes.count >= 8 else {
      throw SafetensorsError(
        .truncated(what: "the header's byte count", needed: 8, available: bytes.count), at: 0)
    }
    let count = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard count <= UInt64(byteCountLimit) else {
      throw SafetensorsError(.headerTooLarge(byteCount: count, limit: byteCountLimit), at: 0)
    }
    guard count <= UInt64(bytes.count - 8) else {
      throw SafetensorsError(
        .truncated(what: "the header", needed: count, available: bytes.count - 8), at: 8)
    }
    let json = UnsafeRawBufferPointer(rebasing: bytes[8..<8 + Int(count)])
    guard String(validating: json, as: UTF8.self) != nil else {
      throw SafetensorsError(.notUTF8, at: 8)
    }
    guard json.first == UInt8(ascii: "{") else {
      throw JSONScanner(json, base: 8).error(expected: "'{'")
    }
    return json
  }

  /// Bytes of data that a header speaks of, as far as a file can have them.
  private static func dataCount(of infos: [TensorInfo]) -> Int {
    Int(min(infos.map(\.end).max() ?? 0, 1 << 62))
  }

  /// Turns relative offsets to file offsets and proves that the tensors tile the data.
  private static func place(
    _ infos: [TensorInfo], dataOffset: Int, dataCount: Int
  ) throws(SafetensorsError) -> [SafetensorsTensor] {
    var end = 0
    var tensors: [SafetensorsTensor] = []
    tensors.reserveCapacity(infos.count)
    for info in infos.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard info.begin <= info.end, info.end <= UInt64(dataCount) else {
        throw SafetensorsError(
          .badOffsets(begin: info.begin, end: info.end), at: info.place, tensor: info.name)
      }
      let begin = Int(info.begin)
      guard begin == end else {
        throw SafetensorsError(
          .hole(expected: end, found: begin), at: info.place, tensor: info.name)
      }
      end = Int(info.end)
      guard info.byteCount == end - begin else {
        throw SafetensorsError(
          .byteCountMismatch(expected: info.byteCount, found: end - begin), at: info.place,
          tensor: info.name)
      }
      tensors.append(
        SafetensorsTensor(
          name: info.name, type: info.type, shape: info.shape, offset: dataOffset + begin,
          byteCount: info.byteCount))
    }
    guard end == dataCount else {
      throw SafetensorsError(
        .trailingBytes(expected: end, found: dataCount), at: dataOffset + end)
    }
    return tensors
  }
}

/// One tensor as it stands in the header.
private struct TensorInfo {
  let name: String
  let type: TensorType
  let shape: Shape
  let byteCount: Int
  let begin: UInt64
  let end: UInt64
  /// Bytes from the start of the file to this info.
  let place: Int

  init(name: String, _ scanner: inout JSONScanner) throws(SafetensorsError) {
    var dtype: String?
    var extents: [UInt64]?
    var offsets: [UInt64]?
    let place = scanner.place
    do throws(SafetensorsError) {
      try scanner.object { (scanner, key) throws(SafetensorsError) in
        switch key {
        case "dtype": dtype = try scanner.string()
        case "shape": extents = try Self.list(&scanner)
        case "data_offsets": offsets = try Self.list(&scanner)
        default: try scanner.skipValue()
        }
      }
    } catch var error {
      error.tensor = name
      throw error
    }
    func missing(_ field: String) -> SafetensorsError {
      SafetensorsError(.missingField(field), at: place, tensor: name)
    }
    guard let dtype else { throw missing("dtype") }
    guard let extents else { throw missing("shape") }
    guard let offsets, offsets.count == 2 else { throw missing("data_offsets of two numbers") }
    guard let type = TensorType(safetensorsName: dtype) else {
      throw SafetensorsError(.unknownType(dtype), at: place, tensor: name)
    }
    self.name = name
    self.type = type
    self.place = place
    begin = offsets[0]
    end = offsets[1]
    do throws(ShapeError) {
      // An extent beyond Int.max overflows any byte count as Int.max does.
      shape = try Shape(extents.map { Int(clamping: $0) })
      byteCount = try shape.byteCount(of: type)
    } catch {
      throw SafetensorsError(.badShape(error), at: place, tensor: name)
    }
  }

  private static func list(_ scanner: inout JSONScanner) throws(SafetensorsError) -> [UInt64] {
    var list: [UInt64] = []
    try scanner.array { (scanner) throws(SafetensorsError) in list.append(try scanner.unsigned()) }
    return list
  }
}
