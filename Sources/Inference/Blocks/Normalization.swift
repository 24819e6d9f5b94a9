internal import CKernels
internal import Kernels

extension Pass {
  /// Adds `addition` to the residual stream (unless nil), normalises each row by its root mean square
  /// and packs it for the matrices that multiply it next.
  func normalize(
    adding addition: Buffer<Float>? = nil, weight: FloatVector, epsilon: Float,
    packing forms: ActivationForms
  ) {
    normalize(
      rows: 0..<tokenCount, adding: addition, weight: weight, epsilon: epsilon, packing: forms)
  }

  /// The same for some rows of the batch, which are packed as a batch of their own.
  func normalize(
    rows: Range<Int>, adding addition: Buffer<Float>?, weight: FloatVector, epsilon: Float,
    packing forms: ActivationForms
  ) {
    let width = dimensions.width
    let start = rows.lowerBound * width
    var region = PackRegion(
      source: workspace.normed.pointer, columns: width, tokenCount: rows.count, forms: forms,
      workspace: workspace, kernels: kernels)
    region.norm = PackRegion.Norm(
      residual: workspace.hidden.pointer + start, addition: addition.map { $0.pointer + start },
      weight: weight.pointer, epsilon: epsilon)
    run(&region)
  }

  /// Packs rows of `columns` values for the matrices that multiply them next.
  func pack(_ rows: Buffer<Float>, columns: Int, for forms: ActivationForms) {
    var region = PackRegion(
      source: rows.pointer, columns: columns, tokenCount: tokenCount, forms: forms,
      workspace: workspace, kernels: kernels)
    run(&region)
  }

  /// Gates, then packs: `gate = silu(gate) * up`.
  func gateAndPack(for forms: ActivationForms) {
    var region = PackRegion(
      source: workspace.gate.pointer, columns: dimensions.feedForwardWidth, tokenCount: tokenCount,
      forms: forms, workspace: workspace, kernels: kernels)
    region.up = UnsafePointer(workspace.up.pointer)
    run(&region)
  }

  private func run(_ region: inout PackRegion) {
    let count = region.tokenCount
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: count, chunk: tokenChunk, context: region) { context, lower, upper, _ in
        context.assumingMemoryBound(to: PackRegion.self).pointee.run(lower..<upper)
      }
    }
  }
}

/// Rows that are made ready for a product, token by token.
private struct PackRegion {
  struct Norm {
    let residual: UnsafeMutablePointer<Float>
    let addition: UnsafeMutablePointer<Float>?
    let weight: UnsafePointer<Float>
    let epsilon: Float
  }

  let source: UnsafeMutablePointer<Float>
  let columns: Int
  let tokenCount: Int
  let forms: ActivationForms
  let integers: UnsafeMutableRawPointer
  let floats: UnsafeMutableRawPointer
  let products: UnsafePointer<quern_product_table>
  var norm: Norm?
  var up: UnsafePointer<Float>?

  init(
    source: UnsafeMutablePointer<Float>, columns: Int, tokenCount: Int, forms: ActivationForms,
    workspace: Workspace, kernels: Kernels
  ) {
    self.source = source
    self.columns = columns
    self.tokenCount = tokenCount
    self.forms = forms
    integers = workspace.packed(QUERN_ACTIVATION_INT8)
    floats = workspace.packed(QUERN_ACTIVATION_FLOAT)
    products = kernels.products
  }

  func run(_ tokens: Range<Int>) {
    // One at a time, while the row is in the nearest cache.
    for token in tokens {
      prepare(token)
      if forms.contains(.int8) { pack(QUERN_ACTIVATION_INT8, token, into: integers) }
      if forms.contains(.float) { pack(QUERN_ACTIVATION_FLOAT, token, into: floats) }
    }
  }

  private func prepare(_ token: Int) {
    let row = source + token * columns
    if let norm {
      let residual = norm.residual + token * columns
      if let addition = norm.addition {
        products.pointee.add(residual, addition + token * columns, columns)
      }
      products.pointee.rms_norm(residual, norm.weight, norm.epsilon, columns, row)
    }
    if let up { products.pointee.silu_multiply(row, up + token * columns, columns) }
  }

  private func pack(
    _ activation: quern_activation, _ token: Int, into packed: UnsafeMutableRawPointer
  ) {
    quern_pack(products, activation)!(  // both forms have a packer at every level
      source, columns, columns, tokenCount, token, token + 1, packed)
  }
}
