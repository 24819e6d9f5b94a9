public import TensorCore

/// A safetensors file before its data: the header's bytes, and where each tensor will lie.
///
/// The bytes are those that the reference writer makes: tensors by dtype, widest first, then by name,
/// so that every tensor is aligned to its elements; the header padded to 8 bytes with spaces.
public struct SafetensorsLayout: Sendable {
  /// What a tensor is, before it has a place.
  public typealias TensorInfo = (name: String, type: TensorType, shape: Shape)

  /// The byte count, the JSON and its padding.
  public let header: [UInt8]
  /// In the order of their data, with offsets from the start of the file.
  public let tensors: [SafetensorsTensor]
  /// Bytes of the whole file.
  public let byteCount: Int

  /// - Throws: ``SafetensorsError`` for a type that safetensors lacks or a name that stands twice.
  public init(metadata: [String: String], tensors: [TensorInfo]) throws(SafetensorsError) {
    var placed: [(info: TensorInfo, begin: Int, byteCount: Int)] = []
    var end = 0
    var names = Set<String>()
    for info in tensors.sorted(by: Self.precedes) {
      guard names.insert(info.name).inserted else {
        throw SafetensorsError(.duplicateTensor, tensor: info.name)
      }
      guard info.name != SafetensorsHeader.metadataKey else {
        throw SafetensorsError(.reservedName, tensor: info.name)
      }
      guard info.type.safetensorsName != nil else {
        throw SafetensorsError(.typeNotInSafetensors(info.type), tensor: info.name)
      }
      let byteCount: Int
      do throws(ShapeError) {
        byteCount = try info.shape.byteCount(of: info.type)
      } catch {
        throw SafetensorsError(.badShape(error), tensor: info.name)
      }
      placed.append((info, end, byteCount))
      end += byteCount
    }
    header = try Self.header(metadata, placed.map { ($0.info, $0.begin, $0.begin + $0.byteCount) })
    let dataOffset = header.count
    byteCount = dataOffset + end
    self.tensors = placed.map {
      SafetensorsTensor(
        name: $0.info.name, type: $0.info.type, shape: $0.info.shape,
        offset: dataOffset + $0.begin, byteCount: $0.byteCount)
    }
  }

  /// Position in the reference's `Dtype` enumeration, which orders tensors.
  private static let order: [TensorType: Int] = Dictionary(
    uniqueKeysWithValues: [
      .bool, .f4, .f6E2M3, .f6E3M2, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ,
      .f8E5M2FNUZ, .i16, .u16, .f16, .bf16, .i32, .u32, .f32, .c64, .f64, .i64, .u64,
    ].enumerated().map { ($0.element, $0.offset) })

  private static func precedes(_ left: TensorInfo, _ right: TensorInfo) -> Bool {
    let (first, second) = (order[left.type] ?? -1, order[right.type] ?? -1)
    guard first == second else { return first > second }
    return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
  }

  init(header: [UInt8], tensors: [SafetensorsTensor], byteCount: Int) {
    self.header = header
    self.tensors = tensors
    self.byteCount = byteCount
  }

  static func header(
    _ metadata: [String: String], _ tensors: [(info: TensorInfo, begin: Int, end: Int)]
  ) throws(SafetensorsError) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map {
        "\($0.quotedAsJSON):\($1.quotedAsJSON)"
      }
      members.append("\"\(SafetensorsHeader.metadataKey)\":{\(pairs.joined(separator: ","))}")
    }
    for (info, begin, end) in tensors {
      let extents = info.shape.dimensions.map(String.init).joined(separator: ",")
      let dtype = info.type.safetensorsName ?? ""
      members.append(
        "\(info.name.quotedAsJSON):{\"dtype\":\"\(dtype)\",\"shape\":[\(extents)],"
          + "\"data_offsets\":[\(begin),\(end)]}")
    }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    json.append(contentsOf: repeatElement(0x20, count: (8 - json.count % 8) % 8))
    guard json.count <= SafetensorsHeader.byteCountLimit else {
      throw SafetensorsError(
        .headerTooLarge(byteCount: UInt64(json.count), limit: SafetensorsHeader.byteCountLimit))
    }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
  }
}
