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
    func stack(_ stack: LinearStack, _ output: Buffer<Float>) -> ExpertProductRegion.Stack {
      let matrix = stack.first
      return ExpertProductRegion.Stack(
        matrix: matrix, bias: stack.bias?.values.baseAddress,
        activations: shared
          ? experts.sharing(workspace.packed(matrix.activation))
          : experts.packed(matrix.activation, columns: matrix.columns),
        output: output.pointer)
    }
    var region = ExpertProductRegion(
      kernels: kernels, scratch: workspace.scratch, groups: experts.groups.pointer,
      groupCount: experts.groupCount, first: stack(first, output))
    if let second, let other { region.second = stack(second, other) }
    let units = region.unitCount
    let chunk = productChunk(of: units, tokenCount: tokenCount)
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: units, chunk: chunk, sharing: .inStretches, context: region) {
        context, lower, upper, worker in
        context.assumingMemoryBound(to: ExpertProductRegion.self).pointee
          .run(lower..<upper, worker: worker)
      }
    }
  }

  /// Brings the rows of each group together and packs them for its expert.
  func packExpertInputs(_ experts: ExpertWorkspace, for forms: ActivationForms) {
    var region = ExpertPackRegion(
      experts, kernels, for: forms, columns: dimensions.width, rows: experts.rows)
    region.inputs = UnsafePointer(workspace.normed.pointer)
    run(region, experts)
  }

  /// Gates what the groups have, then packs it: `gate = activation(gate) * up`.
  func gateAndPackExperts(
    _ experts: ExpertWorkspace, _ activation: GatedFeedForward.Activation,
    for forms: ActivationForms
  ) {
    var region = ExpertPackRegion(
      experts, kernels, for: forms, columns: experts.dimensions.feedForwardWidth,
      rows: experts.gate)
    region.up = UnsafePointer(experts.up.pointer)
    region.activation = activation
    run(region, experts)
  }

  private func run(_ region: ExpertPackRegion, _ experts: ExpertWorkspace) {
    var region = region
    let count = tokenCount * experts.dimensions.usedCount
    let chunk = max(1, count / (pool.workerCount * 4))
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: count, chunk: chunk, context: region) { context, lower, upper, _ in
        context.assumingMemoryBound(to: ExpertPackRegion.self).pointee.run(lower..<upper)
      }
    }
  }
}

/// Rows of the matrices of all groups, dealt out in units of a panel: plain addresses, so that workers who
/// copy them count no references.
private struct ExpertProductRegion {
  struct Stack {
    /// Of expert 0.
    let matrix: WeightMatrix
    let bias: UnsafePointer<Float>?
    let activations: ExpertWorkspace.PackedGroups
    let output: UnsafeMutablePointer<Float>

    func run(
      _ rows: Range<Int>, of group: ExpertWorkspace.Group, number: Int, kernels: Kernels,
      scratch: UnsafeMutableRawPointer
    ) {
      guard group.isApart else {
        product(
          rows, activations[number], group.slots, group.expert, kernels: kernels, scratch: scratch)
        return
      }
      // The rows of the matrix stay in the cache meanwhile.
      for slot in group.slots {
        product(
          rows, activations[number, slot: slot], slot..<slot + 1, group.expert, kernels: kernels,
          scratch: scratch)
      }
    }

    private func product(
      _ rows: Range<Int>, _ activations: UnsafeMutableRawPointer, _ slots: Range<Int>,
      _ expert: Int, kernels: Kernels, scratch: UnsafeMutableRawPointer
    ) {
      var job = matrix.job(
        activations: activations, tokenCount: slots.count,
        bias: bias.map { $0 + expert * matrix.rows },
        output: output + slots.lowerBound * matrix.rows, outputStride: matrix.rows)
      job.weights = matrix.bytes + expert * matrix.rows * matrix.rowByteCount
      matrix.product(tokenCount: slots.count, kernels: kernels)(
        &job, rows.lowerBound, rows.upperBound, scratch)
    }
  }

  let kernels: Kernels
  let scratch: Workspace.Scratch
  let groups: UnsafePointer<ExpertWorkspace.Group>
  let groupCount: Int
  let first: Stack
  /// As many rows as the first.
  var second: Stack?

  private var stackCount: Int { second == nil ? 1 : 2 }
  private var rowCount: Int { first.matrix.rows }
  private var unitsPerMatrix: Int { first.matrix.unitCount }
  var unitCount: Int { groupCount * stackCount * unitsPerMatrix }

  /// Runs the units of `range`, which may span matrices.
  func run(_ range: Range<Int>, worker: Int) {
    var unit = range.lowerBound
    while unit < range.upperBound {
      let (matrix, lower) = unit.quotientAndRemainder(dividingBy: unitsPerMatrix)
      let upper = min(unitsPerMatrix, lower + range.upperBound - unit)
      let (number, place) = matrix.quotientAndRemainder(dividingBy: stackCount)
      let stack = place == 0 ? first : second ?? first
      stack.run(
        lower * WeightMatrix.unitRows..<min(upper * WeightMatrix.unitRows, rowCount),
        of: groups[number],
        number: number, kernels: kernels, scratch: scratch[worker])
      unit += upper - lower
    }
  }
}

/// Rows that are made ready for the products of their group, slot by slot.
private struct ExpertPackRegion {
  let kernels: Kernels
  let groups: UnsafePointer<ExpertWorkspace.Group>
  /// By slot.
  let groupOfSlot: UnsafePointer<Int32>
  let tokens: UnsafePointer<Int32>
  let rows: UnsafeMutablePointer<Float>
  let columns: Int
  /// Where the forms that are wanted go.
  let integers, floats: ExpertWorkspace.PackedGroups?
  /// By token: where the rows come from, unless they lie there.
  var inputs: UnsafePointer<Float>?
  /// What gates multiply.
  var up: UnsafePointer<Float>?
  var activation = GatedFeedForward.Activation.silu

  init(
    _ experts: ExpertWorkspace, _ kernels: Kernels, for forms: ActivationForms, columns: Int,
    rows: Buffer<Float>
  ) {
    self.kernels = kernels
    self.columns = columns
    self.rows = rows.pointer
    groups = UnsafePointer(experts.groups.pointer)
    groupOfSlot = UnsafePointer(experts.groupOfSlot.pointer)
    tokens = UnsafePointer(experts.tokens.pointer)
    func packed(_ form: ActivationForms, _ activation: quern_activation)
      -> ExpertWorkspace.PackedGroups?
    {
      forms.contains(form) ? experts.packed(activation, columns: columns) : nil
    }
    integers = packed(.int8, QUERN_ACTIVATION_INT8)
    floats = packed(.float, QUERN_ACTIVATION_FLOAT)
  }

  func run(_ slots: Range<Int>) {
    for slot in slots { prepare(slot) }
    var slot = slots.lowerBound
    while slot < slots.upperBound {
      let number = Int(groupOfSlot[slot])
      let end = min(slots.upperBound, groups[number].endSlot)
      if let integers { pack(QUERN_ACTIVATION_INT8, slot..<end, group: number, into: integers) }
      if let floats { pack(QUERN_ACTIVATION_FLOAT, slot..<end, group: number, into: floats) }
      slot = end
    }
  }

  private func prepare(_ slot: Int) {
    let row = rows + slot * columns
    if let inputs { row.update(from: inputs + Int(tokens[slot]) * columns, count: columns) }
    if let up { activation.gate(row, up + slot * columns, count: columns, kernels.products) }
  }

  private func pack(
    _ activation: quern_activation, _ slots: Range<Int>, group number: Int,
    into packed: ExpertWorkspace.PackedGroups
  ) {
    let group = groups[number]
    let pack = quern_pack(kernels.products, activation)!  // both forms have a packer at every level
    guard group.isApart else {
      let first = group.firstSlot
      pack(
        rows + first * columns, columns, columns, group.slots.count, slots.lowerBound - first,
        slots.upperBound - first, packed[number])
      return
    }
    for slot in slots {
      pack(rows + slot * columns, columns, columns, 1, 0, 1, packed[number, slot: slot])
    }
  }
}
