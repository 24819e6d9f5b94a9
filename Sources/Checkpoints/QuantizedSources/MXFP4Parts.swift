import MappedFiles
import TensorCore

/// The codes or the exponents of a weight in blocks of MXFP4, as Hugging Face keeps them: see ``MXFP4Weight``.
struct MXFP4Parts: QuantizedWeight {
  enum Kind: String, Sendable {
    /// `[..., rows, columns / 32, 16]`
    case blocks
    /// `[..., rows, columns / 32]`
    case scales

    /// Bytes of each block.
    fileprivate var byteCount: Int { self == .blocks ? 16 : 1 }
  }

  let type = TensorType.u8
  let shape: Shape
  var parts: [WeightPart] { weight.parts }
  var coding: String { "\(kind) of \(weight.coding)" }

  private let kind: Kind
  private let weight: any QuantizedWeight
  /// Of a row of the weight.
  private let blockCount: Int

  /// - Parameter weight: Of type MXFP4.
  init(_ kind: Kind, of weight: any QuantizedWeight) throws {
    self.kind = kind
    self.weight = weight
    blockCount = weight.shape.columns / TensorType.mxfp4.elementsPerBlock
    let extents = weight.shape.dimensions.dropLast() + [blockCount]
    shape = try Shape(kind == .blocks ? extents + [Kind.blocks.byteCount] : Array(extents))
  }

  /// Rows are those of ``shape``: single blocks where it has codes.
  func unpack(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    guard var target = output.baseAddress else { return }
    let size = TensorType.mxfp4.bytesPerBlock
    withUnsafeTemporaryAllocation(byteCount: blockCount * size, alignment: 16) { row in
      for number in ownRows(rows) {
        weight.unpack(number..<number + 1, into: row)
        let first = number * blockCount
        for block in blocks(of: rows).clamped(to: first..<first + blockCount) {
          let start = (block - first) * size
          let stored = UnsafeRawBufferPointer(rebasing: row[start..<start + size])
          switch kind {
          case .scales: target.storeBytes(of: stored[0], as: UInt8.self)
          case .blocks: MXFP4Weight.repack(halves: stored.dropFirst(), intoPairs: target)
          }
          target += kind.byteCount
        }
      }
    }
  }

  func advise(_ advice: MappedFile.Advice, _ rows: Range<Int>) {
    weight.advise(advice, ownRows(rows))
  }

  private func blocks(of rows: Range<Int>) -> Range<Int> {
    kind == .blocks ? rows : rows.lowerBound * blockCount..<rows.upperBound * blockCount
  }

  /// The rows of the weight that hold these.
  private func ownRows(_ rows: Range<Int>) -> Range<Int> {
    guard kind == .blocks else { return rows }
    return rows.lowerBound / blockCount..<rows.upperBound.groups(of: blockCount)
  }
}
