internal import CKernels
internal import Kernels

extension Pass {
  /// Multiplies the packed rows of each group with the matrices of its expert, in one parallel loop.
  ///
  /// - Parameter shared: Whether all groups multiply the one row that the pass has packed.
  func multiply(
    _ experts: ExpertWorkspace, _ first: LinearStack, into output: Buffer<Float>,
    and second: LinearStack? = nil, into other: Buffer<Float>? = nil, shared: Bool = false
  ) {
    var region = ExpertProductRegion(
      experts: experts, pass: self, isShared: shared, first: first, firstOutput: output.pointer,
      second: second, secondOutput: other?.pointer)
    let units = region.unitCount
    let chunk = max(1, units / (pool.workerCount * 8))
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: units, chunk: chunk, context: region) { context, lower, upper, worker in
        context.assumingMemoryBound(to: ExpertProductRegion.self).pointee
          .run(lower..<upper, worker: worker)
      }
    }
  }

  /// Brings the rows of each group together and packs them for its expert.
  func packExpertInputs(_ experts: ExpertWorkspace, for forms: ActivationForms) {
    run(
      ExpertPackRegion(
        experts: experts, kernels: kernels, forms: forms, columns: dimensions.width,
        rows: experts.rows.pointer, inputs: workspace.normed.pointer))
  }

  /// Gates what the groups have, then packs it: `gate = activation(gate) * up`.
  func gateAndPackExperts(_ experts: ExpertWorkspace, for forms: ActivationForms) {
    run(
      ExpertPackRegion(
        experts: experts, kernels: kernels, forms: forms,
        columns: experts.dimensions.feedForwardWidth, rows: experts.gate.pointer,
        up: experts.up.pointer))
  }

  private func run(_ region: ExpertPackRegion) {
    var region = region
    let count = tokenCount * region.experts.dimensions.usedCount
    let chunk = max(1, count / (pool.workerCount * 4))
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: count, chunk: chunk, context: region) { context, lower, upper, _ in
        context.assumingMemoryBound(to: ExpertPackRegion.self).pointee.run(lower..<upper)
      }
    }
  }
}

/// Rows of the matrices of all groups, dealt out in units of a panel.
private struct ExpertProductRegion {
  /// Rows of a unit: a multiple of every level's panel.
  private static let unitRows = 32

  let experts: ExpertWorkspace
  let pass: Pass
  let isShared: Bool
  let first: LinearStack
  let firstOutput: UnsafeMutablePointer<Float>
  /// As many rows as the first.
  let second: LinearStack?
  let secondOutput: UnsafeMutablePointer<Float>?

  private var stackCount: Int { second == nil ? 1 : 2 }
  private var unitsPerMatrix: Int {
    (first.first.rows + Self.unitRows - 1) / Self.unitRows
  }
  var unitCount: Int { experts.groupCount * stackCount * unitsPerMatrix }

  /// Runs the units of `range`, which may span matrices.
  func run(_ range: Range<Int>, worker: Int) {
    let scratch = pass.workspace.scratch[worker]
    var unit = range.lowerBound
    while unit < range.upperBound {
      let (matrix, lower) = unit.quotientAndRemainder(dividingBy: unitsPerMatrix)
      let upper = min(unitsPerMatrix, lower + range.upperBound - unit)
      let (group, place) = matrix.quotientAndRemainder(dividingBy: stackCount)
      let rows = lower * Self.unitRows..<min(upper * Self.unitRows, first.first.rows)
      if place == 0 {
        run(first, firstOutput, group: group, rows, scratch)
      } else if let second, let secondOutput {
        run(second, secondOutput, group: group, rows, scratch)
      }
      unit += upper - lower
    }
  }

  private func run(
    _ stack: LinearStack, _ output: UnsafeMutablePointer<Float>, group number: Int,
    _ rows: Range<Int>, _ scratch: UnsafeMutableRawPointer
  ) {
    let (matrix, group) = (stack.first, experts.group(number))
    let tokenCount = group.slots.count
    let activations =
      isShared
      ? pass.workspace.packed(matrix.activation)
      : experts.packed(matrix.activation, group: number, columns: matrix.columns)
    var job = matrix.job(
      activations: activations, tokenCount: tokenCount,
      bias: stack.bias.map { UnsafePointer($0.pointer + group.expert * matrix.rows) },
      output: output + group.slots.lowerBound * matrix.rows, outputStride: matrix.rows)
    job.weights = matrix.bytes + group.expert * matrix.rows * matrix.rowByteCount
    matrix.product(tokenCount: tokenCount, kernels: pass.kernels)(
      &job, rows.lowerBound, rows.upperBound, scratch)
  }
}

/// Rows that are made ready for the products of their group, slot by slot.
private struct ExpertPackRegion {
  let experts: ExpertWorkspace
  let kernels: Kernels
  let forms: ActivationForms
  let columns: Int
  /// By slot.
  let rows: UnsafeMutablePointer<Float>
  /// By token: where the rows come from, unless they lie there.
  var inputs: UnsafePointer<Float>?
  /// What gates multiply.
  var up: UnsafePointer<Float>?

  func run(_ slots: Range<Int>) {
    for slot in slots { prepare(slot) }
    var slot = slots.lowerBound
    while slot < slots.upperBound {
      let number = Int(experts.groupOfSlot.pointer[slot])
      let end = min(slots.upperBound, experts.group(number).slots.upperBound)
      if forms.contains(.int8) { pack(QUERN_ACTIVATION_INT8, slot..<end, group: number) }
      if forms.contains(.float) { pack(QUERN_ACTIVATION_FLOAT, slot..<end, group: number) }
      slot = end
    }
  }

  private func prepare(_ slot: Int) {
    let row = rows + slot * columns
    if let inputs {
      row.update(from: inputs + Int(experts.tokens.pointer[slot]) * columns, count: columns)
    }
    if let up { kernels.products.pointee.silu_multiply(row, up + slot * columns, columns) }
  }

  private func pack(_ activation: quern_activation, _ slots: Range<Int>, group number: Int) {
    let group = experts.group(number).slots
    quern_pack(kernels.products, activation)!(  // both forms have a packer at every level
      rows + group.lowerBound * columns, columns, columns, group.count,
      slots.lowerBound - group.lowerBound, slots.upperBound - group.lowerBound,
      experts.packed(activation, group: number, columns: columns))
  }
}
