import Checkpoints
import TensorCore

/// One tensor of the source, read once for every output that wants it.
struct TensorTask {
  /// A tensor of one output.
  struct Target {
    let tensor: PlannedTensor
    /// Positions of the output, of its file, and of the tensor among the output's tensors.
    let output: Int
    let file: Int
    let index: Int
  }

  /// The name in the first output.
  var name: String { targets[0].tensor.name }
  let reader: RowReader
  /// Rows that are read, encoded and written at a time.
  private let slabRowCount: Int
  private(set) var targets: [Target]

  private init(_ target: Target, slabElementCount: Int) {
    reader = RowReader(target.tensor)
    slabRowCount = max(1, slabElementCount / max(1, reader.columns))
    targets = [target]
  }

  /// Groups the tensors of all plans by where they come from, in the order of the first plan.
  static func tasks(for plans: [ConversionPlan]) -> [TensorTask] {
    var tasks: [TensorTask] = []
    var places: [String: Int] = [:]
    for (output, plan) in plans.enumerated() {
      var index = 0
      for (file, planned) in plan.files.enumerated() {
        for tensor in planned.tensors {
          defer { index += 1 }
          guard tensor.byteCount > 0 else { continue }
          let target = Target(tensor: tensor, output: output, file: file, index: index)
          let slab = plan.options.slabElementCount
          let key =
            "\(tensor.source.identity) \(tensor.sourceType) \(tensor.rowCount) \(tensor.columnCount) \(slab)"
          if let place = places[key] {
            tasks[place].targets.append(target)
          } else {
            places[key] = tasks.count
            tasks.append(TensorTask(target, slabElementCount: slab))
          }
        }
      }
    }
    return tasks
  }

  /// Bytes of the largest slab of any target.
  var slabByteCount: Int {
    targets.map { min(slabRowCount, reader.rowCount) * $0.tensor.rowByteCount }.max() ?? 0
  }

  /// Brings every slab into every output that does not have it yet.
  ///
  /// - Parameter finished: Called after each slab with its bytes in all outputs, and with how many of them
  ///   were there before.
  func run(
    into outputs: [OpenOutput], _ encoder: SlabEncoder, _ writer: SlabWriter,
    finished: (_ byteCount: Int, _ keptByteCount: Int) -> Void
  ) throws {
    if try shares(outputs) {
      return finished(targets[0].tensor.byteCount, 0)
    }
    for first in stride(from: 0, to: reader.rowCount, by: slabRowCount) {
      let rows = first..<min(first + slabRowCount, reader.rowCount)
      var wanted: [Target] = []
      var keptByteCount = 0
      for target in targets {
        let (output, place) = (outputs[target.output], target.tensor.place(of: rows))
        if let kept = output.files[target.file].kept(place.count, at: place.lowerBound) {
          keptByteCount += kept.count
          output.keptByteCount += kept.count
          try writer.pass(kept, to: output.digests[target.file], at: place.lowerBound)
          output.squaredErrors[target.index] +=
            encoder.squaredError(of: kept, rows, target.tensor, reader)
        } else {
          wanted.append(target)
        }
      }
      if !wanted.isEmpty { try encode(rows, for: wanted, outputs, encoder, writer) }
      // Rows that were kept were read as well where errors are measured.
      reader.release(rows)
      finished(targets.reduce(0) { $0 + $1.tensor.place(of: rows).count }, keptByteCount)
    }
  }

  /// Lets the one output that is a copy share the source's blocks, where the file system can.
  private func shares(_ outputs: [OpenOutput]) throws -> Bool {
    guard targets.count == 1, case let target = targets[0], target.tensor.type == reader.type,
      let (file, range) = reader.storedPlace(in: target.tensor.byteOrder)
    else { return false }
    let output = outputs[target.output]
    // Floats are looked into unless anything goes.
    guard output.plan.options.allowNonFinite || !reader.type.isPlainFloat,
      try output.files[target.file].share(file, range, at: target.tensor.offset)
    else { return false }
    if let digests = output.digests[target.file] {
      digests.add(file.bytes(in: range), at: target.tensor.offset)
    }
    try reader.checkUnchanged()
    output.isBegun = true
    return true
  }

  private func encode(
    _ rows: Range<Int>, for wanted: [Target], _ outputs: [OpenOutput], _ encoder: SlabEncoder,
    _ writer: SlabWriter
  ) throws {
    var slabs: [SlabWriter.Slab] = []
    do {
      for target in wanted {
        let (output, place) = (outputs[target.output], target.tensor.place(of: rows))
        slabs.append(
          try writer.take(
            place.count, of: output.files[target.file], output.digests[target.file],
            at: place.lowerBound))
      }
      reader.prefetch(rows.upperBound..<min(rows.upperBound + slabRowCount, reader.rowCount))
      // Checked before the slabs are sent: a source that shrank or was written to meanwhile has given
      // bytes that are nobody's.
      let errors = try reader.checkingSource {
        try encoder.encode(
          rows, reader,
          into: zip(wanted, slabs).map { target, slab in
            SlabEncoder.Target(
              tensor: target.tensor, bytes: slab.bytes,
              allowsNonFinite: outputs[target.output].plan.options.allowNonFinite)
          })
      }
      for (error, target) in zip(errors, wanted) {
        outputs[target.output].squaredErrors[target.index] += error
      }
      for target in wanted { outputs[target.output].isBegun = true }
      while !slabs.isEmpty { try writer.send(slabs.removeFirst()) }
    } catch {
      for slab in slabs { writer.giveBack(slab) }
      throw error
    }
  }
}

extension PlannedTensor {
  /// Bytes of one row of the result.
  var rowByteCount: Int { rowCount == 0 ? 0 : byteCount / rowCount }

  /// Where `rows` lie in the file of the result.
  fileprivate func place(of rows: Range<Int>) -> Range<Int> {
    offset + rows.lowerBound * rowByteCount..<offset + rows.upperBound * rowByteCount
  }
}
