import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing

/// The bytes of a file with this header and `dataCount` bytes of data.
func safetensorsBytes(_ json: String, dataCount: Int = 0) -> [UInt8] {
  var writer = ByteWriter()
  writer.append(string: json)
  writer.append(bytes: (0..<dataCount).map { UInt8($0 & 255) })
  return writer.bytes
}

struct MalformedHeader: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let bytes: [UInt8]
  let expected: SafetensorsError.Reason

  init(_ name: String, _ json: String, data: Int = 0, _ expected: SafetensorsError.Reason) {
    testDescription = name
    bytes = safetensorsBytes(json, dataCount: data)
    self.expected = expected
  }
}

private let malformed: [MalformedHeader] = [
  MalformedHeader("no object", "[]", .badJSON(expected: "'{'", found: "'['")),
  MalformedHeader("leading space", " {}", .badJSON(expected: "'{'", found: "' '")),
  MalformedHeader(
    "open object", "{", .badJSON(expected: "a string", found: "the end of the header")),
  MalformedHeader(
    "trailing text", "{} x", .badJSON(expected: "the end of the header", found: "'x'")),
  MalformedHeader(
    "a comma too many", #"{"__metadata__":{},}"#, .badJSON(expected: "a string", found: "'}'")),
  MalformedHeader(
    "metadata that is no string", #"{"__metadata__":{"a":1}}"#,
    .badJSON(expected: "a string", found: "'1'")),
  MalformedHeader(
    "fraction in a shape", #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, data: 4,
    .badJSON(expected: "a whole number", found: "'.'")),
  MalformedHeader(
    "negative extent", #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, data: 4,
    .badJSON(expected: "a whole number", found: "'-'")),
  MalformedHeader(
    "unpaired surrogate", #"{"\ud800x":1}"#, .badJSON(expected: "a surrogate pair", found: "'\"'")),
  MalformedHeader(
    "name that stands twice",
    #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
    .duplicateKey("a")),
  MalformedHeader(
    "unknown dtype", #"{"a":{"dtype":"F128","shape":[1],"data_offsets":[0,16]}}"#, data: 16,
    .unknownType("F128")),
  MalformedHeader(
    "no dtype", #"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, data: 4, .missingField("dtype")),
  MalformedHeader(
    "no shape", #"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, data: 4, .missingField("shape")),
  MalformedHeader(
    "one offset", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, data: 4,
    .missingField("data_offsets of two numbers")),
  MalformedHeader(
    "shape and offsets disagree", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
    data: 4, .byteCountMismatch(expected: 8, found: 4)),
  MalformedHeader(
    "data beyond the file", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 7,
    .badOffsets(begin: 0, end: 8)),
  MalformedHeader(
    "end before begin", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, data: 4,
    .badOffsets(begin: 4, end: 0)),
  MalformedHeader(
    "hole", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, data: 8,
    .hole(expected: 0, found: 4)),
  MalformedHeader(
    "overlap",
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
    data: 8, .hole(expected: 8, found: 4)),
  MalformedHeader(
    "bytes after the last tensor", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    data: 5, .trailingBytes(expected: 4, found: 5)),
  MalformedHeader(
    "shape that overflows",
    #"{"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,0]}}"#,
    .badShape(.elementCountOverflows([1 << 62, 1 << 62]))),
  MalformedHeader(
    "number beyond 2^64",
    #"{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,0]}}"#,
    .badJSON(expected: "a number below 2^64", found: "'9'")),
  MalformedHeader(
    "unknown field nested without end",
    #"{"a":{"x":"# + String(repeating: "[", count: 100_000), .nestedTooDeeply(limit: 64)),
]

@Suite struct MalformedSafetensorsTests {
  private func reason(_ bytes: [UInt8]) -> SafetensorsError.Reason? {
    #expect(throws: SafetensorsError.self) {
      try bytes.withUnsafeBytes { raw in
        try Result { () throws(SafetensorsError) in _ = try SafetensorsHeader(parsing: raw) }.get()
      }
    }?.reason
  }

  @Test("A malformed header is refused for what is wrong with it", arguments: malformed)
  func refused(_ header: MalformedHeader) {
    #expect(reason(header.bytes) == header.expected)
  }

  @Test("Null is no metadata, as the reference reads it")
  func nullMetadata() throws {
    let tensor = #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#
    let bytes = safetensorsBytes(#"{"__metadata__":null,\#(tensor)}"#, dataCount: 1)
    let header = try bytes.withUnsafeBytes { raw in
      try Result { () throws(SafetensorsError) in try SafetensorsHeader(parsing: raw) }.get()
    }
    #expect(header.metadata.isEmpty && header.tensors.count == 1)
    #expect(reason(safetensorsBytes(#"{"__metadata__":nul,\#(tensor)}"#, dataCount: 1)) != nil)
  }

  @Test("A header longer than the file, or than the limit, is refused before it is read")
  func lengths() {
    var writer = ByteWriter()
    #expect(
      reason(writer.bytes) == .truncated(what: "the header's byte count", needed: 8, available: 0))
    writer.append(UInt64(3))
    #expect(reason(writer.bytes) == .truncated(what: "the header", needed: 3, available: 0))
    writer = ByteWriter()
    writer.append(UInt64.max)
    #expect(reason(writer.bytes) == .headerTooLarge(byteCount: .max, limit: 100_000_000))
  }

  @Test("A good file cut at any byte is refused")
  func truncated() {
    let whole = safetensorsBytes(
      #"{"__metadata__":{"é":"\u00e9\n"},"a":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}"#,
      dataCount: 8)
    for count in 0..<whole.count { _ = reason(Array(whole.prefix(count))) }
  }
}

@Suite struct SafetensorsRoundTripTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test("Every dtype, empty and scalar tensors included, comes back")
  func everyType() throws {
    var infos: [SafetensorsLayout.TensorInfo] = []
    for type in TensorType.allCases where type.safetensorsName != nil {
      infos.append(("\(type).matrix", type, try Shape([3, 4])))
      infos.append(("\(type).empty", type, try Shape([0, 4])))
      if type.elementsPerBlock == 1 { infos.append(("\(type).scalar", type, try Shape([]))) }
    }
    let metadata = ["format": "pt", "quote\"\\": "line\nbreak\u{1}"]
    let layout = try SafetensorsLayout(metadata: metadata, tensors: infos)
    #expect(layout.header.count % 8 == 0)
    let data = [UInt8](repeating: 3, count: layout.byteCount - layout.header.count)
    let file = try SafetensorsFile(folder.write(layout.header + data, as: "a.safetensors"))
    #expect(file.metadata == metadata)
    #expect(file.tensors.filter { $0.byteCount > 0 } == layout.tensors.filter { $0.byteCount > 0 })
    for info in infos {
      let tensor = try #require(file.tensor(info.name))
      #expect((tensor.type, tensor.shape) == (info.type, info.shape))
    }
  }

  private func writeShard(_ name: String, _ tensors: [String]) throws {
    let layout = try SafetensorsLayout(
      metadata: [:], tensors: tensors.map { ($0, .u8, try Shape([4])) })
    let data = [UInt8](repeating: 1, count: layout.byteCount - layout.header.count)
    _ = try folder.write(layout.header + data, as: name)
  }

  private func writeIndex(_ map: String) throws {
    _ = try folder.write(
      Array(#"{"metadata":{"total_size":8},"weight_map":{\#(map)}}"#.utf8),
      as: SafetensorsCheckpoint.indexName)
  }

  @Test("A sharded folder is one checkpoint")
  func shards() throws {
    try writeShard("model-00001-of-00002.safetensors", ["a", "b"])
    try writeShard("model-00002-of-00002.safetensors", ["c"])
    try writeIndex(
      #""a":"model-00001-of-00002.safetensors","b":"model-00001-of-00002.safetensors","#
        + #""c":"model-00002-of-00002.safetensors""#)
    let checkpoint = try SafetensorsCheckpoint(folder.path)
    #expect(checkpoint.tensors.map(\.tensor.name) == ["a", "b", "c"])
    let c = try #require(checkpoint.tensor("c"))
    #expect(c.shard == 1)
    #expect(checkpoint.bytes(of: c).elementsEqual([1, 1, 1, 1]))
  }

  @Test(
    "An index that leaves its folder is refused",
    arguments: ["../x.safetensors", "/etc/passwd", "", "..", "a/b.safetensors"])
  func traversal(shard: String) throws {
    try writeIndex(#""a":"\#(shard)""#)
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsCheckpoint(folder.path) }
    #expect(error?.reason == .shardOutsideFolder(shard))
    #expect(error?.tensor == "a")
  }

  @Test("An index that disagrees with its shards is refused")
  func disagreement() throws {
    try writeShard("s1.safetensors", ["a"])
    try writeIndex(#""a":"s1.safetensors","b":"s1.safetensors""#)
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsCheckpoint(folder.path) }
    #expect(error?.reason == .missingShardTensor(shard: "s1.safetensors"))
    #expect(error?.tensor == "b")
  }

  @Test("A folder without a checkpoint says so")
  func noCheckpoint() throws {
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsCheckpoint(folder.path) }
    #expect(error?.reason == .noCheckpoint)
    try writeShard("model-00001-of-00002.safetensors", ["a"])
    try writeShard("model-00002-of-00002.safetensors", ["b"])
    let other = #expect(throws: SafetensorsError.self) { try SafetensorsCheckpoint(folder.path) }
    #expect(other?.reason == .noIndex(fileCount: 2))
  }
}
