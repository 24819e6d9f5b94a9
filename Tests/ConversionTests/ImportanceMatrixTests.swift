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
}
