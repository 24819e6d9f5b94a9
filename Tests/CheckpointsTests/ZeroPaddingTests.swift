import Checkpoints
import TensorCore
import Testing

@Suite struct ZeroPaddingTests {
  @Test("Each part keeps its rows first and gets rows of zeros behind")
  func parts() throws {
    let padding = try #require(
      ZeroPadding(from: Shape([2, 3, 5]), to: Shape([2, 4, 8]), partCount: 2))
    #expect((0..<8).map(padding.storedRow) == [0, 1, 2, nil, 3, 4, 5, nil])
    #expect((0...8).map(padding.storedRowCount) == [0, 1, 2, 3, 3, 4, 5, 6, 6])
  }

  @Test("Rows are brought in order first, then the zeros stand behind them")
  func turned() throws {
    var source = TensorSource(.values([]), rowOrder: .pairs(heads: 2))
    #expect((0..<8).map { source.storedRow(of: $0, rows: 8) } == [0, 2, 1, 3, 4, 6, 5, 7])
    source.padding = ZeroPadding(from: try Shape([8, 3]), to: try Shape([10, 3]))
    #expect(
      (0..<10).map { source.storedRow(of: $0, rows: 10) } == [0, 2, 1, 3, 4, 6, 5, 7, nil, nil])
    source.padding = ZeroPadding(from: try Shape([8, 3]), to: try Shape([10, 3]), partCount: 2)
    #expect(
      (0..<10).map { source.storedRow(of: $0, rows: 10) } == [0, 2, 1, 3, nil, 4, 6, 5, 7, nil])
  }

  @Test(
    "Shapes that do not fall into parts, or shrink, are no padding",
    arguments: [
      ([3, 4], [4, 4], 2), ([2, 4], [3, 4], 2), ([4, 4], [3, 4], 1), ([4, 4], [4, 3], 1),
      ([0, 4], [4, 4], 1), ([4, 4], [4, 4], 0),
    ])
  func refused(from: [Int], to: [Int], parts: Int) throws {
    #expect(try ZeroPadding(from: Shape(from), to: Shape(to), partCount: parts) == nil)
  }
}
