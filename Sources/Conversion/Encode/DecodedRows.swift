import BlockQuant
import Kernels
import TensorCore

/// Decoded rows of a source, which know whether a result can hold them.
struct DecodedRows {
  let values: UnsafeMutableBufferPointer<Float>
  private let rows: Range<Int>
  private let reader: RowReader
  /// NaN where any value is.
  private let largest: Float

  /// Decodes `rows` into `values`, as many elements.
  init(_ rows: Range<Int>, of reader: RowReader, into values: UnsafeMutableBufferPointer<Float>) {
    self.rows = rows
    self.reader = reader
    self.values = values
    reader.decode(rows, into: values)
    largest = Kernels.active.largestMagnitude(UnsafeBufferPointer(values))
  }

  /// Refuses values that are not finite or that `F16` would turn into infinity.
  func check(for tensor: PlannedTensor) throws(ConversionError) {
    // Halfway between the largest F16 and the next that there would be.
    let limit: Float = tensor.type == .f16 ? 65_520 : .infinity
    guard !(largest < limit) else { return }
    guard let index = values.firstIndex(where: { !($0.magnitude < limit) }) else { return }
    throw refusal(of: index, tensor)
  }

  /// Refuses blocks whose scales became infinite: most types keep them as F16.
  ///
  /// - Parameters:
  ///   - encoded: What the values were encoded to.
  ///   - again: Room for as many values.
  func check(
    _ encoded: UnsafeRawBufferPointer, _ codec: BlockCodec, for tensor: PlannedTensor,
    again: UnsafeMutableBufferPointer<Float>
  ) throws(ConversionError) {
    // No scale is more than the span of its values.
    guard largest >= 32_760, tensor.type.isQuantized else { return }
    let decoded = UnsafeMutableBufferPointer(rebasing: again[0..<values.count])
    codec.decode(encoded, into: decoded)
    guard let index = decoded.firstIndex(where: { !$0.isFinite }) else { return }
    let size = tensor.type.elementsPerBlock
    let block = index / size * size..<min(values.count, (index / size + 1) * size)
    let worst = block.max { values[$0].magnitude < values[$1].magnitude }
    throw refusal(of: worst ?? index, tensor)
  }

  /// Names a value by its place in the source.
  private func refusal(of index: Int, _ tensor: PlannedTensor) -> ConversionError {
    let (value, place) = (values[index], rows.lowerBound * reader.columns + index)
    let sourceIndex = reader.sourceIndex(of: place) ?? place
    return ConversionError(
      value.isFinite
        ? .overflow(value: value, index: sourceIndex, tensor.type)
        : .nonFinite(value: value, index: sourceIndex),
      tensor: tensor.name)
  }
}
