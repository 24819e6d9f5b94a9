internal import Kernels

extension Pass {
  /// Puts each token's row of the embedding into the residual stream.
  ///
  /// - Parameter tokens: Checked against the vocabulary, ``Pass/tokenCount`` of them.
  func embed(_ tokens: UnsafeBufferPointer<Int32>, from table: WeightMatrix) {
    for (index, token) in tokens.enumerated() {
      table.decodeRow(Int(token), into: workspace.hidden.pointer + index * dimensions.width)
    }
  }
}
