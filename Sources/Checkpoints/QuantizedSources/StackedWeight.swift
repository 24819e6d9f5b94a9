import MappedFiles
import TensorCore

/// Quantized matrices of one shape that a GGUF keeps as one tensor: the experts of a layer.
struct StackedWeight: QuantizedWeight {
  let matrices: [any QuantizedWeight]
  let type: TensorType
  let shape: Shape
  var parts: [WeightPart] { matrices.flatMap(\.parts) }
  var coding: String { matrices.map(\.coding).joined(separator: "; ") }

  private let rowCount: Int

  /// - Returns: `nil` for none, and for matrices of different types or shapes.
  init?(_ matrices: [any QuantizedWeight]) throws {
    guard let first = matrices.first,
      matrices.allSatisfy({ $0.type == first.type && $0.shape == first.shape })
    else { return nil }
    self.matrices = matrices
    type = first.type
    shape = try Shape([matrices.count] + first.shape.dimensions)
    rowCount = first.shape.rows
  }

  func unpack(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    guard !rows.isEmpty else { return }
    let rowByteCount = output.count / rows.count
    forEachMatrix(of: rows) { matrix, own, first in
      let start = (first - rows.lowerBound) * rowByteCount
      matrix.unpack(
        own,
        into: UnsafeMutableRawBufferPointer(
          rebasing: output[start..<start + own.count * rowByteCount]))
    }
  }

  func advise(_ advice: MappedFile.Advice, _ rows: Range<Int>) {
    forEachMatrix(of: rows) { matrix, own, _ in matrix.advise(advice, own) }
  }

  /// The matrices that some of the rows are of, with their own numbers of these.
  private func forEachMatrix(
    of rows: Range<Int>, _ body: (any QuantizedWeight, _ own: Range<Int>, _ first: Int) -> Void
  ) {
    var first = rows.lowerBound
    while first < rows.upperBound, rowCount > 0, first / rowCount < matrices.count {
      let start = first / rowCount * rowCount
      let end = min(rows.upperBound, start + rowCount)
      body(matrices[first / rowCount], first - start..<end - start, first)
      first = end
    }
  }
}
