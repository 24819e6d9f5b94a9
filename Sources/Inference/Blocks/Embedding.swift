internal import Kernels

extension Pass {
  /// Puts each token's row of the embedding, times `scale`, into the residual stream.
  ///
  /// - Parameter tokens: Checked against the vocabulary, ``Pass/tokenCount`` of them.
  func embed(
    _ tokens: UnsafeBufferPointer<Int32>, from table: WeightMatrix, scale: Float
  ) {
    for (index, token) in tokens.enumerated() {
      let row = workspace.hidden.pointer + index * dimensions.width
      table.decodeRow(Int(token), into: row)
      if scale != 1 { row.scale(by: scale, count: dimensions.width) }
    }
  }
}
