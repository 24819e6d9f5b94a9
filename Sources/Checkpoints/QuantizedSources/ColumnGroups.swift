import TensorCore

/// The groups of columns that share a scale in each row.
struct ColumnGroups: Sendable {
  let count: Int
  /// Columns of a group, except where an order says otherwise.
  let size: Int
  let columns: Int
  /// The group of each column, I32, where groups do not lie together.
  let order: WeightPart?

  /// - Parameters:
  ///   - size: As a configuration states it; -1 for a whole row.
  ///   - order: The groups of the columns, which is dropped when it says nothing new.
  /// - Throws: ``CheckpointError`` with `.badGroup` when a column is in a group that is none.
  init(of columns: Int, size: Int, order: WeightPart?, _ parts: WeightParts) throws {
    self.columns = columns
    self.size = size > 0 ? min(size, columns) : columns
    count = columns.groups(of: self.size)
    guard let order else {
      self.order = nil
      return
    }
    try parts.check(order, has: [columns])
    let size = self.size
    let count = count
    let together = try order.file.withUnchangedBytes { _ in
      var together = true
      for column in 0..<columns {
        let group = order.integer(at: column)
        guard 0..<count ~= group else {
          throw parts.failure(
            .badGroup(tensor: order.name, column: column, group: group, count: count))
        }
        together = together && group == column / size
      }
      return together
    }
    self.order = together ? nil : order
  }

  /// Gives a row of codes their values, `(code - zero) * scale`, in single precision.
  ///
  /// - Parameters:
  ///   - scales: One for each group, as `zeros`.
  ///   - output: Receives as many values as there are columns.
  func decode(
    _ codes: UnsafePointer<UInt8>, zeros: UnsafePointer<Float>, scales: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>
  ) {
    if let order {
      for column in 0..<columns {
        // Checked when it was opened; a file that changed since must not lead elsewhere.
        let group = min(max(0, order.integer(at: column)), count - 1)
        output[column] = (Float(codes[column]) - zeros[group]) * scales[group]
      }
      return
    }
    for group in 0..<count {
      let (zero, scale) = (zeros[group], scales[group])
      for column in group * size..<min(columns, (group + 1) * size) {
        output[column] = (Float(codes[column]) - zero) * scale
      }
    }
  }
}
