internal import Kernels

/// What turns the residual stream into logits.
struct OutputHead: Sendable {
  var norm: Norm
  var output: Linear
  /// What logits are multiplied with.
  var scale: Float = 1
  /// Bound of the logits; 0 for none.
  var softcap: Float = 0
}

extension Pass {
  /// The logits of some tokens, row by row.
  ///
  /// - Parameter addition: What the residual stream lacks before.
  func computeLogits(
    of rows: Range<Int>, _ head: OutputHead, adding addition: Addition?,
    into logits: UnsafeMutablePointer<Float>
  ) {
    let vocabulary = head.output.weight.rows
    normalize(rows: rows, adding: addition, head.norm, packing: ActivationForms(head.output))
    multiply((head.output, logits, vocabulary), tokenCount: rows.count)
    let count = rows.count * vocabulary
    if head.scale != 1 { logits.scale(by: head.scale, count: count) }
    if head.softcap != 0 { kernels.products.pointee.softcap(logits, head.softcap, count) }
  }
}
