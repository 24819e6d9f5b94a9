internal import CKernels
internal import Kernels

/// A norm by the root of the mean square; one with a bias is a LayerNorm, which takes the mean away first.
struct Norm: Sendable {
  let weight: FloatVector
  var bias: FloatVector?
  let epsilon: Float
  /// How many elements are normalised together, where each such group has weights of its own.
  var groupWidth: Int?

  /// - Parameter offset: Which weight is the first.
  func apply(
    _ row: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, count: Int,
    offset: Int = 0, _ products: UnsafePointer<quern_product_table>
  ) {
    let weights = weight.pointer + offset
    if let bias {
      products.pointee.layer_norm(row, weights, bias.pointer + offset, epsilon, count, output)
    } else {
      products.pointee.rms_norm(row, weights, epsilon, count, output)
    }
  }
}

/// How a block's rows, in `projected`, are added to the residual stream.
struct Addition: Sendable {
  /// Applied to the rows first.
  var norm: Norm?
  var scale: Float = 1

  func apply(
    _ added: UnsafeMutablePointer<Float>, to row: UnsafeMutablePointer<Float>, count: Int,
    _ products: UnsafePointer<quern_product_table>
  ) {
    norm?.apply(added, into: added, count: count, products)
    if scale != 1 { added.scale(by: scale, count: count) }
    products.pointee.add(row, added, count)
  }
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

  /// Applies GELU, then packs: a network without a gate.
  func geluAndPack(columns: Int, for forms: ActivationForms) {
    var region = PackRegion(
      source: workspace.up.pointer, columns: columns, tokenCount: tokenCount, forms: forms,
      workspace: workspace, kernels: kernels)
    region.appliesGELU = true
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
  var appliesGELU = false

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
    // Taken up once: threads that count references to what they share wait for each other.
    let residual = residual
    // One at a time, while the row is in the nearest cache.
    for token in tokens {
      if let residual { read(residual, token, into: source + token * columns) }
      prepare(token)
      if forms.contains(.int8) { pack(QUERN_ACTIVATION_INT8, token, into: integers) }
      if forms.contains(.float) { pack(QUERN_ACTIVATION_FLOAT, token, into: floats) }
    }
  }

  private func prepare(_ token: Int) {
    let row = source + token * columns
    if appliesGELU { products.pointee.gelu(row, columns) }
    if let up { activation.gate(row, up + token * columns, count: columns, products) }
  }

  private func read(_ residual: Residual, _ token: Int, into output: UnsafeMutablePointer<Float>) {
    let row = residual.rows + token * columns
    residual.addition?.apply(
      residual.projected + token * columns, to: row, count: columns, products)
    if let norm = residual.norm {
      norm.apply(row, into: output, count: columns, products)
    } else {
      output.update(from: row, count: columns)
    }
  }

  private func pack(
    _ activation: quern_activation, _ token: Int, into packed: UnsafeMutableRawPointer
  ) {
    quern_pack(products, activation)!(  // both forms have a packer at every level
      source, columns, columns, tokenCount, token, token + 1, packed)
  }
}
