import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing

/// One way for a file to be wrong, and what the reader must say of it.
struct MalformedCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let bytes: [UInt8]
  let expected: GGUFError.Reason

  init(_ name: String, _ expected: GGUFError.Reason, _ build: (inout ByteWriter) -> Void) {
    testDescription = name
    self.expected = expected
    var writer = ByteWriter()
    build(&writer)
    bytes = writer.bytes
  }
}

extension ByteWriter {
  fileprivate mutating func header(version: UInt32 = 3, tensors: UInt64 = 0, pairs: UInt64 = 0) {
    append(UInt32(0x4655_4747))
    append(version)
    append(tensors)
    append(pairs)
  }

  fileprivate mutating func tensor(
    _ name: String, extents: [UInt64], type: UInt32 = 0, offset: UInt64 = 0
  ) {
    append(string: name)
    append(UInt32(extents.count))
    for extent in extents { append(extent) }
    append(type)
    append(offset)
  }

  fileprivate mutating func data(_ count: Int) {
    pad(toMultipleOf: 32)
    append(bytes: [UInt8](repeating: 7, count: count))
  }
}

private let headerCases: [MalformedCase] = [
  MalformedCase("bad magic", .badMagic(found: 0x0102_0304)) {
    $0.append(UInt32(0x0102_0304))
    $0.append(UInt32(3))
  },
  MalformedCase("nothing at all", .truncated(what: "the magic", needed: 4, available: 0)) { _ in },
  MalformedCase("version 0", .unsupportedVersion(0)) { $0.header(version: 0) },
  MalformedCase("version 1", .unsupportedVersion(1)) { $0.header(version: 1) },
  MalformedCase("version 4", .unsupportedVersion(4)) { $0.header(version: 4) },
  MalformedCase("big-endian version 4", .unsupportedVersion(4)) {
    $0.header(version: UInt32(4).byteSwapped)
  },
  MalformedCase(
    "more tensors than bytes",
    .countTooLarge(what: "tensors", count: .max, available: 8)
  ) { $0.header(tensors: .max) },
  MalformedCase(
    "more pairs than bytes",
    .countTooLarge(what: "metadata pairs", count: 1 << 60, available: 0)
  ) { $0.header(pairs: 1 << 60) },
]

private let pairCases: [MalformedCase] = [
  MalformedCase("key longer than the file", .truncated(what: "a key", needed: 999, available: 13)) {
    $0.header(pairs: 1)
    $0.append(UInt64(999))
    $0.append(bytes: [UInt8](repeating: 65, count: 13))
  },
  MalformedCase("empty key", .emptyKey) {
    $0.header(pairs: 1)
    $0.append(string: "")
    $0.append(UInt32(7))
    $0.append(UInt64(1))
  },
  MalformedCase("key that is not UTF-8", .notUTF8(what: "a key")) {
    $0.header(pairs: 1)
    $0.append(UInt64(2))
    $0.append(bytes: [0xC3, 0x28, 0, 0, 0, 0, 0, 0])
  },
  MalformedCase("unknown value type", .unknownValueType(13)) {
    $0.header(pairs: 1)
    $0.append(string: "key")
    $0.append(UInt32(13))
    $0.append(UInt64(0))
  },
  MalformedCase("bool of 2", .invalidBool(2)) {
    $0.header(pairs: 1)
    $0.append(string: "key")
    $0.append(UInt32(7))
    $0.append(UInt8(2))
  },
  MalformedCase("key that stands twice", .duplicateKey) {
    $0.header(pairs: 2)
    for _ in 0..<2 {
      $0.append(string: "key")
      $0.append(UInt32(0))
      $0.append(UInt8(1))
    }
  },
  MalformedCase(
    "array longer than the file",
    .countTooLarge(what: "array elements", count: 1 << 40, available: 4)
  ) {
    $0.header(pairs: 1)
    $0.append(string: "key")
    $0.append(UInt32(9))
    $0.append(UInt32(5))
    $0.append(UInt64(1 << 40))
    $0.append(UInt32(0))
  },
  MalformedCase("arrays nested without end", .nestedTooDeeply(limit: 16)) {
    $0.header(pairs: 1)
    $0.append(string: "key")
    $0.append(UInt32(9))
    for _ in 0..<1000 {
      $0.append(UInt32(9))
      $0.append(UInt64(1))
    }
  },
  MalformedCase("alignment of 3", .badAlignment(.uint32(3))) {
    $0.header(pairs: 1)
    $0.append(string: "general.alignment")
    $0.append(UInt32(4))
    $0.append(UInt32(3))
  },
  MalformedCase("alignment of the wrong type", .badAlignment(.uint64(32))) {
    $0.header(pairs: 1)
    $0.append(string: "general.alignment")
    $0.append(UInt32(10))
    $0.append(UInt64(32))
  },
]

private let tensorCases: [MalformedCase] = [
  MalformedCase("five dimensions", .tooManyDimensions(5, limit: 4)) {
    $0.header(tensors: 1)
    $0.tensor("t", extents: [1, 1, 1, 1, 1])
  },
  MalformedCase("extent beyond 2^63", .extentTooLarge(1 << 63)) {
    $0.header(tensors: 1)
    $0.tensor("t", extents: [1 << 63])
  },
  MalformedCase(
    "element count that overflows",
    .badShape(.elementCountOverflows([1 << 40, 1 << 40]))
  ) {
    $0.header(tensors: 1)
    $0.tensor("t", extents: [1 << 40, 1 << 40])
  },
  MalformedCase(
    "byte count that overflows", .badShape(.byteCountOverflows([1 << 62], .f32))
  ) {
    $0.header(tensors: 1)
    $0.tensor("t", extents: [1 << 62])
  },
  MalformedCase(
    "row that does not fill blocks", .badShape(.notBlockMultiple(columns: 33, type: .q8_0))
  ) {
    $0.header(tensors: 1)
    $0.tensor("t", extents: [33], type: 8)
  },
  MalformedCase("retired type", .retiredType(id: 31, name: "Q4_0_4_4")) {
    $0.header(tensors: 1)
    $0.tensor("t", extents: [32], type: 31)
  },
  MalformedCase("unknown type", .unknownType(id: 43)) {
    $0.header(tensors: 1)
    $0.tensor("t", extents: [32], type: 43)
  },
  MalformedCase("misaligned offset", .misalignedOffset(4, alignment: 32)) {
    $0.header(tensors: 1)
    $0.tensor("t", extents: [1], offset: 4)
    $0.data(64)
  },
  MalformedCase("data beyond the file", .dataOutOfBounds(needed: 256, available: 255)) {
    $0.header(tensors: 1)
    $0.tensor("t", extents: [64])
    $0.data(255)
  },
  MalformedCase("offset beyond the file", .dataOutOfBounds(needed: 4, available: 0)) {
    $0.header(tensors: 1)
    $0.tensor("t", extents: [1], offset: UInt64(Int64.max) / 32 * 32)
    $0.data(64)
  },
  MalformedCase("tensors that share bytes", .dataOverlap(with: "a")) {
    $0.header(tensors: 2)
    $0.tensor("a", extents: [16])
    $0.tensor("b", extents: [8], offset: 32)
    $0.data(64)
  },
  MalformedCase("name that stands twice", .duplicateTensor) {
    $0.header(tensors: 2)
    $0.tensor("a", extents: [8])
    $0.tensor("a", extents: [8], offset: 32)
    $0.data(64)
  },
]

@Suite struct MalformedGGUFTests {
  @Test(
    "A malformed file is refused for what is wrong with it",
    arguments: headerCases + pairCases + tensorCases)
  func refused(_ malformed: MalformedCase) {
    let reason = #expect(throws: GGUFError.self) {
      try malformed.bytes.withUnsafeBytes { raw in
        try Result { () throws(GGUFError) in _ = try GGUFHeader(parsing: raw) }.get()
      }
    }?.reason
    #expect(reason == malformed.expected)
  }

  @Test("A good file cut at any byte is refused, never trapped on")
  func truncated() throws {
    var metadata = GGUFMetadata()
    metadata["general.architecture"] = .string("llama")
    metadata["list"] = .array(.string(["a", "bc", ""]))
    metadata["nested"] = .array(.array([.uint8([1]), .float32([0.5])]))
    let layout = try GGUFLayout(
      metadata: metadata, tensors: [("t", .f32, try Shape([2, 3])), ("u", .q8_0, try Shape([32]))])
    let whole = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    let needed = layout.tensors.map { $0.offset + $0.byteCount }.max() ?? 0
    for count in 0..<needed {
      #expect(throws: GGUFError.self, "cut at \(count)") {
        try whole.prefix(count).withUnsafeBytes { raw in
          try Result { () throws(GGUFError) in _ = try GGUFHeader(parsing: raw) }.get()
        }
      }
    }
  }

  @Test("An error names the file, the tensor and the byte")
  func place() throws {
    let folder = try TemporaryFolder()
    var writer = ByteWriter()
    writer.header(tensors: 1)
    writer.tensor("blk.0.\u{1B}", extents: [32], type: 4)
    let path = try folder.write(writer.bytes, as: "model.gguf")
    let error = #expect(throws: GGUFError.self) { try GGUFFile(path) }
    #expect(error?.path == path)
    #expect(
      error?.description
        == "type Q4_2 (id 4) was retired from GGUF; make the file again from its source "
        + "(tensor blk.0.\\u{1b}, byte 51)")
  }
}
