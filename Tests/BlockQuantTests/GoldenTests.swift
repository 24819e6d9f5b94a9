import BlockQuant
import Foundation
import Kernels
import TensorCore
import Testing

/// One line of `Fixtures/blocks/golden.txt`.
private struct GoldenRow {
  let type: TensorType
  let weighted: Bool
  let row: Int
  let encoded: String
  let decoded: String
}

private struct Golden {
  let inputDigest: String
  let importanceDigest: String
  let rows: [GoldenRow]

  init() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Fixtures/blocks/golden.txt")
    let text = try String(contentsOf: path, encoding: .utf8)
    var digests: [Substring] = []
    var rows: [GoldenRow] = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if line.hasPrefix("# input") { digests = [words[2], words[4]] }
      guard !line.hasPrefix("#") else { continue }
      rows.append(
        GoldenRow(
          type: try #require(TensorType(name: String(words[0]))), weighted: words[1] == "given",
          row: try #require(Int(words[2])), encoded: String(words[3]), decoded: String(words[4])))
    }
    try #require(digests.count == 2)
    inputDigest = String(digests[0])
    importanceDigest = String(digests[1])
    self.rows = rows
  }
}

struct GoldenTests {
  @Test("The generated input is the one the golden digests were made from")
  func input() throws {
    let input = GoldenInput()
    let golden = try Golden()
    #expect(input.rows.flatMap { $0 }.withUnsafeBytes(digest) == golden.inputDigest)
    #expect(input.importance.withUnsafeBytes(digest) == golden.importanceDigest)
  }

  @Test(
    "Every encoder writes the reference's bytes, and every decoder reads its floats",
    arguments: KernelLevel.available)
  func golden(level: KernelLevel) throws {
    let input = GoldenInput()
    let kernels = try #require(Kernels(level))
    for row in try Golden().rows {
      let codec = try #require(BlockCodec(row.type, kernels: kernels))
      let blocks = encode(
        input.rows[row.row], rows: 1, importance: row.weighted ? input.importance : nil, codec)
      #expect(
        blocks.withUnsafeBytes(digest) == row.encoded,
        "\(row.type) \(row.weighted ? "weighted" : "plain") row \(row.row)")
      let floats = decode(blocks, count: GoldenInput.columns, codec)
      #expect(
        canonicalBits(floats).withUnsafeBytes(digest) == row.decoded,
        "\(row.type) row \(row.row)")
    }
  }
}

func encode(_ values: [Float], rows: Int, importance: [Float]?, _ codec: BlockCodec) -> [UInt8] {
  var blocks = [UInt8](repeating: 0xAA, count: codec.byteCount(elementCount: values.count))
  blocks.withUnsafeMutableBytes { bytes in
    values.withUnsafeBufferPointer { values in
      let columns = rows == 0 ? importance?.count ?? 0 : values.count / rows
      guard let importance else {
        return codec.encode(values, rows: rows, columns: columns, into: bytes)
      }
      importance.withUnsafeBufferPointer {
        codec.encode(values, rows: rows, columns: columns, importance: $0, into: bytes)
      }
    }
  }
  return blocks
}

func decode(_ blocks: [UInt8], count: Int, _ codec: BlockCodec) -> [Float] {
  var floats = [Float](repeating: .nan, count: count)
  blocks.withUnsafeBytes { blocks in
    floats.withUnsafeMutableBufferPointer { codec.decode(blocks, into: $0) }
  }
  return floats
}

/// Bit patterns with one NaN, because processors differ in the sign of the one they make.
func canonicalBits(_ floats: [Float]) -> [UInt32] {
  floats.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern }
}
