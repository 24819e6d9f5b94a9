internal import Kernels

extension Pass {
  /// Adds to each token the row of its position, which `table` has for every position of the context.
  func addPositions(_ table: WeightMatrix) {
    let width = dimensions.width
    let row = workspace.normed.pointer
    for token in 0..<tokenCount {
      table.decodeRow(position + token, into: row)
      kernels.products.pointee.add(workspace.hidden.pointer + token * width, row, width)
    }
  }
}
