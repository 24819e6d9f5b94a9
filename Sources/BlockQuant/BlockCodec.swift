internal import CKernels
public import Kernels
public import TensorCore

/// Encodes rows of floats to one type and decodes them again.
///
/// Block types, and `F32`, `F16`, `BF16` and `F64`, whose blocks are single elements. The bytes that
/// ``encode(_:rows:columns:importance:into:)`` writes depend on neither the kernel level nor the
/// machine and equal those of the ggml reference; ``decode(_:into:)`` gives the same bits everywhere.
public struct BlockCodec: Sendable {
  public let type: TensorType
  public let kernels: Kernels

  /// The codec of `type`, or `nil` when it cannot be decoded.
  public init?(_ type: TensorType, kernels: Kernels = .active) {
    guard kernels.decoder(of: type) != nil else { return nil }
    self.type = type
    self.kernels = kernels
  }

  /// Whether ``encode(_:rows:columns:importance:into:)`` may be called; some types only decode.
  public var canEncode: Bool { kernels.encoder(of: type) != nil }

  /// Whether ``encode(_:rows:columns:importance:into:)`` needs importance: with so few bits the reference
  /// refuses to encode without.
  public var requiresImportance: Bool {
    switch type {
    case .iq1_S, .iq2_XXS, .iq2_XS: true
    default: false
    }
  }

  /// Whether importance changes what ``encode(_:rows:columns:importance:into:)`` writes.
  public var usesImportance: Bool {
    switch type {
    case .q8_0, .tq1_0, .tq2_0, .mxfp4, .nvfp4, .q1_0, .q2_0: false
    default: type.isQuantized
    }
  }

  /// Bytes that `elementCount` elements take; they must fill whole blocks.
  public func byteCount(elementCount: Int) -> Int {
    precondition(elementCount >= 0 && elementCount % type.elementsPerBlock == 0)
    return elementCount / type.elementsPerBlock * type.bytesPerBlock
  }

  /// Decodes whole blocks into single precision.
  ///
  /// - Parameters:
  ///   - blocks: Encoded elements, exactly ``byteCount(elementCount:)`` of `output.count`; may start
  ///     at any byte.
  ///   - output: Receives the elements; must not overlap `blocks`.
  /// - Complexity: O(`output.count`), no allocation. Safe to call from several threads on disjoint outputs.
  public func decode(
    _ blocks: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(
      blocks.count == byteCount(elementCount: output.count),
      "\(blocks.count) bytes are not \(output.count) elements of \(type)")
    guard output.count > 0, let decoder = kernels.decoder(of: type) else { return }
    decoder(blocks.baseAddress, output.baseAddress, output.count)
  }

  /// Encodes rows of floats.
  ///
  /// - Parameters:
  ///   - values: `rows * columns` values, row-major.
  ///   - columns: Elements of a row, whole blocks.
  ///   - importance: What an error in each column weighs, `columns` values shared by all rows. Types that
  ///     the reference encodes without weights ignore it; see ``requiresImportance`` for the opposite.
  ///   - blocks: Receives exactly ``byteCount(elementCount:)`` bytes, rows packed without gaps.
  /// - Precondition: ``canEncode``. Values that are not finite never trap, but what they become is
  ///   unspecified: refuse them before.
  /// - Complexity: O(`values.count`), no allocation. Safe to call from several threads on disjoint outputs.
  public func encode(
    _ values: UnsafeBufferPointer<Float>, rows: Int, columns: Int,
    importance: UnsafeBufferPointer<Float>? = nil, into blocks: UnsafeMutableRawBufferPointer
  ) {
    precondition(rows >= 0 && columns >= 0, "negative extent")
    let (elementCount, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(
      !overflow && values.count == elementCount,
      "\(values.count) values are not \(rows) rows of \(columns)")
    precondition(
      columns % type.elementsPerBlock == 0, "rows of \(columns) do not fill \(type) blocks")
    precondition(
      blocks.count == byteCount(elementCount: elementCount),
      "\(blocks.count) bytes are not \(elementCount) elements of \(type)")
    precondition(
      importance == nil || importance?.count == columns, "importance does not match the columns")
    guard let encoder = kernels.encoder(of: type) else {
      preconditionFailure("\(type) cannot be encoded")
    }
    precondition(importance != nil || !requiresImportance, "\(type) needs importance")
    guard elementCount > 0 else { return }
    encoder(
      values.baseAddress, blocks.baseAddress, rows, columns, importance.flatMap(\.baseAddress))
  }
}
