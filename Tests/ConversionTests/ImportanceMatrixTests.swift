import Conversion
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing

@Suite struct ImportanceMatrixTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func legacy(_ entries: [(name: String, calls: Int32, values: [Float])]) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(Int32(entries.count))
    for (name, calls, values) in entries {
      writer.append(Int32(name.utf8.count))
      writer.append(bytes: Array(name.utf8))
      writer.append(calls)
      writer.append(Int32(values.count))
      for value in values { writer.append(value) }
    }
    return writer.bytes
  }

  private func gguf(
    sums: [Float], counts: [Float], shape: [Int], countShape: [Int]
  ) throws -> [UInt8] {
    let layout = try GGUFLayout(
      metadata: GGUFMetadata([
        ("general.type", .string("imatrix")), ("imatrix.chunk_count", .uint32(5)),
        ("imatrix.datasets", .array(.string(["text"]))),
      ]),
      tensors: [
        ("a.weight.in_sum2", .f32, try Shape(shape)),
        ("a.weight.counts", .f32, try Shape(countShape)),
      ])
    var bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    for (tensor, values) in zip(layout.tensors, [sums, counts]) {
      let raw = values.withUnsafeBytes(Array.init)
      bytes.replaceSubrange(tensor.offset..<tensor.offset + raw.count, with: raw)
    }
    return bytes
  }

  @Test("The older form holds sums over calls, then chunks and the text's name")
  func older() throws {
    var bytes = legacy([("a.weight", 2, [2, 4]), ("b.weight", 0, [3])])
    var tail = ByteWriter()
    tail.append(Int32(7))
    tail.append(Int32(4))
    tail.append(bytes: Array("wiki".utf8))
    bytes += tail.bytes
    let matrix = try ImportanceMatrix(folder.write(bytes, as: "im.dat"))
    #expect(matrix.entries["a.weight"]?.values == [1, 2])
    #expect(matrix.entries["b.weight"]?.values == [3])
    #expect(matrix.datasets == ["wiki"])
    #expect(matrix.chunkCount == 7)
  }

  @Test("The GGUF form counts each expert apart, and one never asked weighs its columns the same")
  func experts() throws {
    let bytes = try gguf(
      sums: [2, 4, 9, 9], counts: [2, 0], shape: [2, 2], countShape: [2, 1])
    let matrix = try ImportanceMatrix(folder.write(bytes, as: "im.gguf"))
    #expect(matrix.entries["a.weight"]?.values == [1, 2, 1, 1])
    #expect(matrix.entries["a.weight"]?.matrixCount == 2)
    #expect(matrix.chunkCount == 5)
  }

  @Test("A matrix cut at any byte, or with values that mean nothing, is refused")
  func malformed() throws {
    let whole = legacy([("a.weight", 1, [1, 2, 3])])
    for count in 0..<whole.count {
      let path = try folder.write(Array(whole.prefix(count)), as: "im.dat")
      #expect(throws: ImportanceMatrixError.self) { try ImportanceMatrix(path) }
    }
    let negative = try folder.write(legacy([("a.weight", 1, [1, -2])]), as: "im.dat")
    let error = #expect(throws: ImportanceMatrixError.self) { try ImportanceMatrix(negative) }
    #expect(error?.reason == .badValue(-2, index: 1))
    #expect(error?.entry == "a.weight")
  }

  @Test("Sums that do not fall into matrices are refused")
  func uneven() throws {
    let bytes = try gguf(sums: [1, 2, 3], counts: [1, 1], shape: [3], countShape: [2])
    let path = try folder.write(bytes, as: "im.gguf")
    let error = #expect(throws: ImportanceMatrixError.self) { try ImportanceMatrix(path) }
    #expect(error?.reason == .uneven(values: 3, matrices: 2))
  }

  private func plan(_ entries: [String: Int], _ recipe: String = "Q4_K_M") throws -> ConversionPlan
  {
    let fixture = try ConversionFixture()
    let matrix = legacy(
      entries.sorted { $0.key < $1.key }
        .map { ($0.key, 1, [Float](repeating: 1, count: $0.value)) })
    var options = ConversionOptions(recipe: Recipe(named: recipe))
    options.importance = try ImportanceMatrix(fixture.folder.write(matrix, as: "im.dat"))
    return try ConversionPlan(
      from: fixture.gguf(ConversionFixture.model()), to: fixture.path("out.gguf").string,
      options: options)
  }

  @Test("The plan names a tensor that the matrix does not know")
  func missing() throws {
    let warnings = try plan(["blk.0.attn_q.weight": 256], "Q4_0").warnings
    #expect(
      warnings.contains(
        "blk.0.ffn_down.weight: not in the importance matrix, quantized without weights"))
    let both = ["blk.0.attn_q.weight": 256, "blk.0.ffn_down.weight": 96]
    let whole = try plan(both, "Q4_0").warnings
    #expect(!whole.contains { $0.contains("importance") })
    // Types that take no weights miss none.
    #expect(try !plan(["x": 1], "Q8_0").warnings.contains { $0.contains("importance") })
  }

  @Test("A matrix that knows none of the tensors is of another model")
  func otherModel() throws {
    let error = #expect(throws: ImportanceMatrixError.self) { try plan(["blk.7.x.weight": 256]) }
    #expect(error?.reason == .otherModel(entries: 1, example: "blk.0.attn_q.weight"))
  }

  @Test("An entry of another width is refused by name")
  func otherWidth() throws {
    let error = #expect(throws: ImportanceMatrixError.self) {
      try plan(["blk.0.attn_q.weight": 255])
    }
    #expect(error?.reason == .mismatch(expected: 256, found: 255))
    #expect(error?.entry == "blk.0.attn_q.weight")
  }

  @Test("A type that cannot do without weights wants them for every tensor")
  func demanding() throws {
    let refusal = try plan(["blk.0.attn_k.weight": 256, "blk.0.ffn_down.weight": 96], "IQ2_XXS")
      .refusal
    guard case .notInMatrix(.iq2_XXS, let matrix) = refusal?.reason else {
      Issue.record("\(String(describing: refusal))")
      return
    }
    #expect(matrix.hasSuffix("/im.dat"))
    #expect(refusal?.tensor == "blk.0.attn_q.weight")
  }
}
