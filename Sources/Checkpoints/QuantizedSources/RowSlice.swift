import MappedFiles
import TensorCore

/// Some rows of a quantized weight: one of the matrices that lie above each other in it.
struct RowSlice: QuantizedWeight {
  let shape: Shape
  var type: TensorType { weight.type }
  var parts: [WeightPart] { weight.parts }
  var coding: String { "\(weight.coding), rows from \(first)" }

  private let weight: any QuantizedWeight
  private let first: Int

  /// - Parameter first: Of the rows of all outer extents, of which as many follow as `shape` has.
  init(_ weight: any QuantizedWeight, from first: Int, shape: Shape) {
    self.weight = weight
    self.first = first
    self.shape = shape
  }

  func unpack(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    weight.unpack(first + rows.lowerBound..<first + rows.upperBound, into: output)
  }

  func advise(_ advice: MappedFile.Advice, _ rows: Range<Int>) {
    weight.advise(advice, first + rows.lowerBound..<first + rows.upperBound)
  }
}
