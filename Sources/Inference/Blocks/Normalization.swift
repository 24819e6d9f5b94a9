internal import CKernels
internal import Kernels

/// A norm by the root of the mean square.
struct Norm: Sendable {
  let weight: FloatVector
  let epsilon: Float

  func apply(
    _ row: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, count: Int,
    _ products: UnsafePointer<quern_product_table>
  ) {
    products.pointee.rms_norm(row, weight.pointer, epsilon, count, output)
  }
}

/// How a block's rows, in `projected`, are added to the residual stream.
struct Addition: Sendable {
  /// Applied to the rows first.
  var norm: Norm?
  var scale: Float = 1
}

extension Pass {
  /// Adds what the residual stream lacks (unless nil), normalises each row and packs it for the matrices
  /// that multiply it next.
  func normalize(
    adding addition: Addition?, _ norm: Norm?, packing forms: ActivationForms
  ) {
    normalize(rows: 0..<tokenCount, adding: addition, norm, packing: forms)
  }

  /// The same for some rows of the batch, which are packed as a batch of their own.
  func normalize(
    rows: Range<Int>, adding addition: Addition?, _ norm: Norm?, packing forms: ActivationForms
  ) {
    let start = rows.lowerBound * dimensions.width
    var region = PackRegion(
      source: workspace.normed.pointer, columns: dimensions.width, tokenCount: rows.count,
      forms: forms, workspace: workspace, kernels: kernels)
    region.residual = PackRegion.Residual(
      rows: workspace.hidden.pointer + start, projected: workspace.projected.pointer + start,
      addition: addition, norm: norm)
    run(&region)
  }

  /// Packs rows of `columns` values for the matrices that multiply them next.
  func pack(_ rows: Buffer<Float>, columns: Int, for forms: ActivationForms) {
    var region = PackRegion(
      source: rows.pointer, columns: columns, tokenCount: tokenCount, forms: forms,
      workspace: workspace, kernels: kernels)
    run(&region)
  }

  /// Gates, then packs: `gate = activation(gate) * up`.
  func gateAndPack(
    _ activation: GatedFeedForward.Activation, columns: Int, for forms: ActivationForms
  ) {
    var region = PackRegion(
      source: workspace.gate.pointer, columns: columns, tokenCount: tokenCount,
      forms: forms, workspace: workspace, kernels: kernels)
    region.up = UnsafePointer(workspace.up.pointer)
    region.activation = activation
    run(&region)
  }

  private func run(_ region: inout PackRegion) {
    let count = region.tokenCount
    let chunk = max(1, count / (pool.workerCount * 4))
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: count, chunk: chunk, context: region) { context, lower, upper, _ in
        context.assumingMemoryBound(to: PackRegion.self).pointee.run(lower..<upper)
      }
    }
  }
}

/// Rows that are made ready for a product, token by token.
private struct PackRegion {
  /// Rows of the residual stream, what they lack and how they are read.
  struct Residual {
    let rows: UnsafeMutablePointer<Float>
    let projected: UnsafeMutablePointer<Float>
    let addition: Addition?
    let norm: Norm?
  }

  let source: UnsafeMutablePointer<Float>
  let columns: Int
  let tokenCount: Int
  let forms: ActivationForms
  let integers: UnsafeMutableRawPointer
  let floats: UnsafeMutableRawPointer
  let products: UnsafePointer<quern_product_table>
  var residual: Residual?
  var up: UnsafePointer<Float>?
  var activation = GatedFeedForward.Activation.silu

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
    for token in tokens { prepare(token) }
    if forms.contains(.int8) {
      pack(QUERN_ACTIVATION_INT8, tokens, into: integers)
    }
    if forms.contains(.float) {
      pack(QUERN_ACTIVATION_FLOAT, tokens, into: floats)
    }
  }

  private func prepare(_ token: Int) {
    let row = source + token * columns
    if let residual { read(residual, token, into: row) }
    if let up {
      switch activation {
      case .silu: products.pointee.silu_multiply(row, up + token * columns, columns)
      case .gelu: products.pointee.gelu_multiply(row, up + token * columns, columns)
      }
    }
  }

  private func read(_ residual: Residual, _ token: Int, into output: UnsafeMutablePointer<Float>) {
    let row = residual.rows + token * columns
    if let addition = residual.addition {
      let added = residual.projected + token * columns
      addition.norm?.apply(added, into: added, count: columns, products)
      if addition.scale != 1 { added.scale(by: addition.scale, count: columns) }
      products.pointee.add(row, added, columns)
    }
    if let norm = residual.norm {
      norm.apply(row, into: output, count: columns, products)
    } else {
      output.update(from: row, count: columns)
    }
  }

  private func pack(
    _ activation: quern_activation, _ tokens: Range<Int>, into packed: UnsafeMutableRawPointer
  ) {
    quern_pack(products, activation)!(  // both forms have a packer at every level
      source, columns, columns, tokenCount, tokens.lowerBound, tokens.upperBound, packed)
  }
}
