/// Which elements of a weight share a scale: rectangles that begin anew in each matrix.
struct ScaleGrid: Sendable {
  /// Rows and columns of a rectangle.
  let rowCount: Int
  let columnCount: Int
  /// Scales of a row of rectangles.
  let columnsOfScales: Int
  /// Rows of a matrix, or of one of two that lie above each other in it.
  private let bandRowCount: Int
  /// Rows of rectangles in these; none where a single scale is for all.
  private let rowsOfScales: Int

  /// - Parameters:
  ///   - extents: Of the weight, two or three.
  ///   - block: Rows and columns of a rectangle; `nil` for one scale, or one a row.
  init(
    of extents: [Int], _ scales: WeightPart, block: (rows: Int, columns: Int)?, _ parts: WeightParts
  ) throws {
    let (rows, columns) = (extents[extents.count - 2], extents[extents.count - 1])
    let found = scales.shape.dimensions
    if scales.shape.elementCount == 1, block == nil || found.count < 2 {
      self.init(rows: rows, columns: columns, band: rows, rowsOfScales: 0)
      return
    }
    let outer = Array(extents.dropLast(2))
    if let block {
      let half = rows / 2
      let columnsOfScales = columns.groups(of: block.columns)
      let whole = outer + [rows.groups(of: block.rows), columnsOfScales]
      // Gate above up projection: rectangles begin anew where the second begins.
      let halves = outer + [2 * half.groups(of: block.rows), columnsOfScales]
      let isHalved = !outer.isEmpty && rows % 2 == 0 && found != whole && found == halves
      let band = isHalved ? half : rows
      let rowsOfScales = band.groups(of: block.rows)
      if !isHalved { try parts.check(scales, has: whole) }
      self.init(
        rows: block.rows, columns: block.columns, band: band, rowsOfScales: rowsOfScales,
        columnsOfScales: columnsOfScales)
    } else if !outer.isEmpty, found == outer || found == outer + [1] || found == outer + [1, 1] {
      self.init(rows: rows, columns: columns, band: rows, rowsOfScales: 1)
    } else if !outer.isEmpty, rows % 2 == 0, found == outer + [2, 1] {
      self.init(rows: rows / 2, columns: columns, band: rows / 2, rowsOfScales: 1)
    } else {
      if found != outer + [rows] { try parts.check(scales, has: outer + [rows, 1]) }
      self.init(rows: 1, columns: columns, band: rows, rowsOfScales: rows)
    }
  }

  private init(
    rows: Int, columns: Int, band: Int, rowsOfScales: Int, columnsOfScales: Int = 1
  ) {
    rowCount = rows
    columnCount = columns
    bandRowCount = band
    self.rowsOfScales = rowsOfScales
    self.columnsOfScales = columnsOfScales
  }

  /// The scale of the rectangle that is number `place` in a row.
  func index(row: Int, place: Int) -> Int {
    let (band, own) = row.quotientAndRemainder(dividingBy: bandRowCount)
    let line = rowsOfScales == 0 ? 0 : band * rowsOfScales + own / rowCount
    return line * columnsOfScales + place
  }
}
