import BlockQuant
import Checkpoints
import MappedFiles

/// Tensors that are stored with columns where the result has rows: each stored row holds one element of
/// every row.
extension RowReader {
  /// Decodes `rows`, which are columns of what is stored.
  func decodeColumns(_ rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>) {
    guard codec != nil, !rows.isEmpty else { return }
    // Whole blocks around the elements that are wanted.
    let block = type.elementsPerBlock
    let first = rows.lowerBound / block * block
    let end = min(rowCount, (rows.upperBound + block - 1) / block * block)
    let stride = type.byteCount(ofRow: rowCount)
    let (offset, byteCount) = (type.byteCount(ofRow: first), type.byteCount(ofRow: end - first))
    withUnsafeTemporaryAllocation(of: Float.self, capacity: end - first) { decoded in
      withStoredBytes { bytes in
        for column in 0..<columns {
          let start = column * stride + offset
          decodeStored(
            UnsafeRawBufferPointer(rebasing: bytes[start..<start + byteCount]), into: decoded)
          for row in rows {
            output[(row - rows.lowerBound) * columns + column] = decoded[row - first]
          }
        }
      }
    }
  }

  /// Every row needs all pages: they are asked for with the first and go with the last.
  func adviseColumns(_ advice: MappedFile.Advice, _ rows: Range<Int>) {
    let isDue = advice == .willNeed ? rows.lowerBound == 0 : rows.upperBound == rowCount
    guard isDue, case .file(let file, let offset) = source.content else { return }
    file.advise(advice, offset..<offset + type.byteCount(ofRow: rowCount) * columns)
  }
}
