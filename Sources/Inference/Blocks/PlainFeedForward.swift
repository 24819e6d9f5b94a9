internal import CKernels
internal import Kernels

/// `down(gelu(up(x)))`, with the approximation by a hyperbolic tangent.
struct PlainFeedForward: FeedForward {
  var up, down: Linear

  var inputForms: ActivationForms { ActivationForms(up) }

  func run(_ pass: Pass) {
    let workspace = pass.workspace
    let width = down.weight.columns
    pass.multiply((up, workspace.up.pointer, width))
    pass.geluAndPack(columns: width, for: ActivationForms(down))
    pass.multiply((down, workspace.projected.pointer, pass.dimensions.width))
  }
}

extension Pass {
  /// A feed-forward network beside the attention that has just run: it reads the same normed rows.
  ///
  /// - Parameter addition: How the rows of attention are added to the residual stream.
  func feedForwardBeside(_ network: some FeedForward, adding addition: Addition) {
    var region = AdditionRegion(pass: self, addition: addition)
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: tokenCount, chunk: tokenChunk, context: region) {
        context, lower, upper, _ in
        let region = context.assumingMemoryBound(to: AdditionRegion.self)
        for token in lower..<upper { region.pointee.run(token) }
      }
    }
    pack(workspace.normed, columns: dimensions.width, for: network.inputForms)
    network.run(self)
  }
}

private struct AdditionRegion {
  let pass: Pass
  let addition: Addition

  func run(_ token: Int) {
    let start = token * pass.dimensions.width
    addition.apply(
      pass.workspace.projected.pointer + start, to: pass.workspace.hidden.pointer + start,
      count: pass.dimensions.width, pass.kernels.products)
  }
}
