import GGUF
import MappedFiles
import TensorCore
import TestSupport
import Testing

@Suite struct GGUFRoundTripTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  static let values: [(key: String, value: GGUFValue)] = [
    ("u8", .uint8(.max)), ("i8", .int8(.min)), ("u16", .uint16(.max)), ("i16", .int16(.min)),
    ("u32", .uint32(.max)), ("i32", .int32(.min)), ("f32", .float32(-0.1)), ("bool", .bool(true)),
    ("string", .string("größe 磨\0")), ("malformed", .malformedString([0xFF, 0x00])),
    ("u64", .uint64(.max)), ("i64", .int64(.min)), ("f64", .float64(1e300)),
    ("list.u8", .array(.uint8([1, 2]))), ("list.i8", .array(.int8([-1]))),
    ("list.u16", .array(.uint16([]))), ("list.i16", .array(.int16([-2]))),
    ("list.u32", .array(.uint32([3]))), ("list.i32", .array(.int32([-3]))),
    ("list.f32", .array(.float32([.infinity, 0]))), ("list.bool", .array(.bool([true, false]))),
    ("list.string", .array(.string(["", "a"]))),
    ("list.malformed", .array(.malformedString([[0xFE], [65]]))),
    ("list.u64", .array(.uint64([.max]))), ("list.i64", .array(.int64([.min]))),
    ("list.f64", .array(.float64([-0.0]))),
    ("list.list", .array(.array([.array([.uint8([1])]), .string(["x"])]))),
  ]

  /// Writes a file with these values and tensors whose bytes count up.
  private func write(
    _ metadata: GGUFMetadata, _ tensors: [GGUFLayout.TensorInfo], as name: String
  ) throws -> GGUFFile {
    let layout = try GGUFLayout(metadata: metadata, tensors: tensors)
    var bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    for tensor in layout.tensors {
      for index in 0..<tensor.byteCount { bytes[tensor.offset + index] = UInt8(index & 255) }
    }
    return try GGUFFile(folder.write(bytes, as: name))
  }

  @Test("Every type of metadata comes back as it was written, in its order")
  func metadata() throws {
    let file = try write(GGUFMetadata(Self.values), [], as: "a.gguf")
    #expect(file.version == 3)
    #expect(file.metadata.keys == Self.values.map(\.key))
    for (key, value) in Self.values { #expect(file.metadata[key] == value) }
  }

  @Test("Tensors keep name, type, shape and bytes", arguments: [8, 32, 64, 4096])
  func tensors(alignment: Int) throws {
    var metadata = GGUFMetadata()
    metadata["general.alignment"] = .uint32(UInt32(alignment))
    let infos: [GGUFLayout.TensorInfo] = [
      ("embedding", .q4_K, try Shape([7, 256])), ("norm", .f32, try Shape([3])),
      ("empty", .f16, try Shape([0, 4])), ("experts", .q8_0, try Shape([2, 3, 32])),
      ("scalar", .f32, try Shape([])),
    ]
    let file = try write(metadata, infos, as: "t.gguf")
    #expect(file.alignment == alignment)
    for info in infos {
      let tensor = try #require(file.tensor(info.name))
      #expect(tensor.type == info.type)
      #expect(
        tensor.shape.dimensions == (info.shape.dimensions.isEmpty ? [1] : info.shape.dimensions))
      #expect(tensor.offset % alignment == 0)
      #expect(file.bytes(of: tensor).enumerated().allSatisfy { $1 == UInt8($0 & 255) })
    }
  }

  @Test("A file of version 2 is read as version 3 is")
  func versionTwo() throws {
    let layout = try GGUFLayout(metadata: GGUFMetadata(Self.values), tensors: [])
    var bytes = layout.header
    bytes[4] = 2
    let file = try GGUFFile(folder.write(bytes, as: "v2.gguf"))
    #expect(file.version == 2)
    #expect(file.metadata["string"] == .string("größe 磨\0"))
  }

  @Test("Read, written again, the header is the same bytes")
  func stable() throws {
    let infos: [GGUFLayout.TensorInfo] = [
      ("a", .f32, try Shape([5, 2])), ("b", .iq4_NL, try Shape([2, 32])),
    ]
    let first = try GGUFLayout(metadata: GGUFMetadata(Self.values), tensors: infos)
    let file = try write(GGUFMetadata(Self.values), infos, as: "first.gguf")
    let second = try GGUFLayout(
      metadata: file.metadata, tensors: file.tensors.map { ($0.name, $0.type, $0.shape) })
    #expect(first.header == second.header)
  }

  @Test("What GGUF cannot hold is refused before anything is written")
  func refusals() throws {
    func reason(_ infos: [GGUFLayout.TensorInfo]) -> GGUFError.Reason? {
      #expect(throws: GGUFError.self) { try GGUFLayout(metadata: GGUFMetadata(), tensors: infos) }?
        .reason
    }
    let one = try Shape([1])
    #expect(reason([("a", .u8, one)]) == .typeNotInGGUF(.u8))
    #expect(reason([("a", .f32, one), ("a", .f32, one)]) == .duplicateTensor)
    #expect(reason([("a", .q4_0, one)]) == .badShape(.notBlockMultiple(columns: 1, type: .q4_0)))
    let long = String(repeating: "n", count: 64)
    #expect(reason([(long, .f32, one)]) == .nameTooLong(byteCount: 64, limit: 63))
    #expect(
      reason([("a", .f32, try Shape([1, 1, 1, 1, 1]))]) == .tooManyDimensions(5, limit: 4))
  }

  @Test("Removing a key keeps the order of the others")
  func removal() {
    var metadata = GGUFMetadata([("a", .bool(true)), ("b", .uint8(2)), ("c", .string("x"))])
    metadata["a"] = nil
    metadata["c"] = .string("y")
    metadata["d"] = .float32(1)
    #expect(metadata.keys == ["b", "c", "d"])
    #expect(metadata.string("c") == "y")
    #expect(metadata.integer("b") == 2)
    #expect(metadata.float("d") == 1)
    #expect(metadata.float("b") == 2)
  }
}
