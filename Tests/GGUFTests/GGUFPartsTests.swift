import GGUF
import TensorCore
import Testing

/// How a model falls into parts.
@Suite struct GGUFPartsTests {
  @Test(
    "Names of parts are those of llama.cpp's splitter",
    arguments: [
      ("model-00001-of-00007.gguf", "model", 1, 7), ("a-b-00007-of-00007.gguf", "a-b", 7, 7),
      ("m-00002-of-00003-00001-of-00001.gguf", "m-00002-of-00003", 1, 1),
      ("x-65535-of-65535.gguf", "x", 65535, 65535),
    ])
  func partName(name: String, stem: String, number: Int, count: Int) throws {
    let part = try #require(GGUFPartName(name))
    #expect(part == GGUFPartName(stem: stem, number: number, count: count))
    #expect(part.fileName == name)
  }

  @Test(
    "Other names are none",
    arguments: [
      "model.gguf", "model-00001-of-00007.bin", "model-1-of-7.gguf", "model-00000-of-00007.gguf",
      "model-00008-of-00007.gguf", "model-00001-of-65536.gguf", "model-000001-of-000007.gguf",
      "-00001-of-00007.gguf", "00001-of-00007.gguf", "model-00001-in-00007.gguf",
      "model-+0001-of-00007.gguf", "model-٠٠٠٠١-of-00007.gguf", "",
    ])
  func noPartName(name: String) {
    #expect(GGUFPartName(name) == nil)
  }

  /// A vector of single floats for each number of bytes.
  private func layouts(
    _ byteCounts: [Int], _ limits: GGUFPartLimits, _ metadata: GGUFMetadata = GGUFMetadata()
  ) throws -> [GGUFLayout] {
    try GGUFLayout.parts(
      metadata: metadata,
      tensors: byteCounts.enumerated().map { ("t\($0)", .f32, try Shape([$1 / 4])) },
      limits: limits)
  }

  struct Case: Sendable {
    let sizes: [Int]
    let limits: GGUFPartLimits
    let expected: [Int]
  }

  /// What llama-gguf-split makes of such files, save for the last two: it refuses the one and has no name
  /// for the other.
  private static let cases = [
    Case(sizes: [32, 32, 32, 32], limits: .init(byteCount: 64), expected: [2, 2]),
    Case(sizes: [32, 32, 32, 32], limits: .init(byteCount: 63), expected: [1, 1, 1, 1]),
    Case(sizes: [32, 128, 32, 32], limits: .init(byteCount: 64), expected: [1, 1, 2]),
    Case(sizes: [4, 4, 4], limits: .init(byteCount: 64), expected: [2, 1]),
    Case(sizes: [4, 4, 4, 4, 4], limits: .init(tensorCount: 2), expected: [2, 2, 1]),
    Case(sizes: [4, 4, 4, 4], limits: .init(tensorCount: 2), expected: [2, 2]),
    Case(sizes: [4, 4, 4, 4], limits: .init(tensorCount: 3), expected: [3, 1]),
    Case(sizes: [0, 64, 0], limits: .init(byteCount: 64), expected: [3]),
    Case(sizes: [4, 4], limits: .init(tensorCount: 2), expected: [2]),
    Case(sizes: [], limits: .init(tensorCount: 1), expected: [0]),
    Case(sizes: [128, 32], limits: .init(byteCount: 64), expected: [1, 1]),
    Case(
      sizes: [64, 4, 4, 4, 4], limits: .init(byteCount: 64, tensorCount: 3), expected: [1, 2, 2]),
  ]

  @Test("A part ends before the tensor that would exceed a limit", arguments: cases)
  func ranges(_ example: Case) throws {
    let layouts = try layouts(example.sizes, example.limits)
    #expect(layouts.map(\.tensors.count) == example.expected)
    #expect(
      layouts.flatMap(\.tensors).map(\.name) == example.sizes.indices.map { "t\($0)" })
  }

  @Test("The first part has the metadata, each has its number, in the splitter's order")
  func keys() throws {
    let metadata = GGUFMetadata([
      ("split.count", .uint16(0)), ("general.architecture", .string("llama")),
      ("general.alignment", .uint32(64)), ("split.no", .uint16(0)),
    ])
    let layouts = try layouts([4, 4, 4], .init(tensorCount: 1), metadata)
    #expect(layouts.map(\.alignment) == [64, 32, 32])
    for (index, layout) in layouts.enumerated() {
      let header = try layout.header.withUnsafeBytes {
        try GGUFHeader(parsing: $0, requiringData: false)
      }
      let own = index == 0 ? ["general.architecture", "general.alignment"] : []
      #expect(header.metadata.keys == own + ["split.no", "split.tensors.count", "split.count"])
      #expect(header.metadata["split.no"] == .uint16(UInt16(index)))
      #expect(header.metadata["split.tensors.count"] == .int32(3))
      #expect(header.metadata["split.count"] == .uint16(3))
    }
  }

  @Test("What fits is one plain file")
  func single() throws {
    let metadata = GGUFMetadata([
      ("split.no", .uint16(0)), ("a", .bool(true)), ("split.count", .uint16(1)),
    ])
    let layouts = try layouts([4, 4], .init(byteCount: 64, tensorCount: 2), metadata)
    let plain = try GGUFLayout(
      metadata: GGUFMetadata([("a", .bool(true))]),
      tensors: layouts[0].tensors.map { ($0.name, $0.type, $0.shape) })
    #expect(layouts.map(\.header) == [plain.header])
  }

  @Test("More parts than a set can count are refused")
  func tooMany() {
    let sizes = [Int](repeating: 4, count: 65536)
    let reason = #expect(throws: GGUFError.self) { try layouts(sizes, .init(tensorCount: 1)) }?
      .reason
    #expect(reason == .tooManyParts(65536, limit: 65535))
  }
}
