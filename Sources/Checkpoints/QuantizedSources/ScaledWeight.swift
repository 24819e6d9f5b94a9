import TensorCore

/// A weight of one byte an element, floats or whole numbers, multiplied by scales of rectangles.
///
///     weight      F8_E4M3, F8_E5M2 or I8   [rows, columns] or [matrices, rows, columns]
///     scale       F32, BF16, F16 or E8M0   one; [rows, 1]; or a grid of rectangles; of each matrix
///     zero point  I8                       as the scales, for whole numbers
///
/// - Source: `dequant_simple` in llama.cpp's conversion/base.py; `NaiveQuantizationCompressor` of
///   compressed-tensors 0.20.
struct ScaledWeight: QuantizedWeight {
  let type = TensorType.f32
  let shape: Shape
  var parts: [WeightPart] { [codes, scales] + (zeros.map { [$0] } ?? []) }
  var coding: String { "scaled by \(grid.rowCount) x \(grid.columnCount)" }

  private let codes: WeightPart
  private let scales: WeightPart
  private let zeros: WeightPart?
  private let grid: ScaleGrid
  /// What each byte stands for.
  private let values: [Float]

  /// - Parameter block: Rows and columns of a rectangle; `nil` for one scale, or one a row.
  init(_ parts: WeightParts, scale ending: String, block: (rows: Int, columns: Int)?) throws {
    var codes = try parts.part("", Array(Self.types))
    let extents = try parts.extents(of: codes, codes.shape.dimensions.count == 3 ? 3 : 2)
    scales = try parts.part(ending, WeightParts.floats + [.f8E8M0])
    // Floats lie around zero, whatever zero points their writers leave beside them.
    let zeros = codes.type == .i8 ? try parts.partIfPresent("_zero_point", [.i8]) : nil
    grid = try ScaleGrid(of: extents, scales, block: block, parts)
    if let zeros { try parts.check(zeros, has: scales.shape.dimensions) }
    codes.rowByteCount = codes.shape.columns
    self.codes = codes
    self.zeros = zeros
    shape = codes.shape
    values = Self.values(of: codes.type)
  }

  /// Types of the codes.
  static let types: Set<TensorType> = [.f8E4M3, .f8E5M2, .i8]

  private static func values(of type: TensorType) -> [Float] {
    (0...255).map { (code: Int) -> Float in
      let byte = UInt8(code)
      return switch type {
      case .f8E4M3: Float(e4m3Bits: byte)
      // The upper half of an IEEE half.
      case .f8E5M2: Float(halfBits: UInt16(byte) << 8)
      default: Float(Int8(bitPattern: byte))
      }
    }
  }

  func unpack(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer) {
    guard let target = output.assumingMemoryBound(to: Float.self).baseAddress,
      let source = codes.bytes?.assumingMemoryBound(to: UInt8.self)
    else { return }
    let columns = shape.columns
    values.withUnsafeBufferPointer { values in
      for (line, row) in rows.enumerated() {
        let (source, target) = (source + row * columns, target + line * columns)
        for place in 0..<grid.columnsOfScales {
          let index = grid.index(row: row, place: place)
          let scale = scales.float(at: index)
          let zero = zeros?.float(at: index) ?? 0
          for column in place * grid.columnCount..<min(columns, (place + 1) * grid.columnCount) {
            target[column] = (values[Int(source[column])] - zero) * scale
          }
        }
      }
    }
  }
}

extension Float {
  /// The value of an E4M3 float: it has no infinities, and all ones stand for no number.
  init(e4m3Bits bits: UInt8) {
    let magnitude = UInt32(bits & 0x7F)
    guard magnitude < 0x7F else {
      self = .nan
      return
    }
    // The exponent starts 120 later; multiplying also sets subnormal ones right.
    let value = Float(bitPattern: magnitude << 20) * 0x1p120
    self = bits < 0x80 ? value : -value
  }
}
