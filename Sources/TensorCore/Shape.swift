/// The extents of a tensor, outermost dimension first, as safetensors and row-major C have them.
///
/// GGUF lists the fastest-varying dimension first; its reader and writer turn the order at the edge.
/// A scalar has no dimensions and one element.
public struct Shape: Sendable, Hashable {
  public let dimensions: [Int]
  /// Product of all dimensions.
  public let elementCount: Int

  /// - Throws: ``ShapeError`` when a dimension is negative or the product overflows.
  public init(_ dimensions: [Int]) throws(ShapeError) {
    var product = 1
    for extent in dimensions {
      guard extent >= 0 else { throw .negativeExtent(extent) }
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw .elementCountOverflows(dimensions) }
      product = next
    }
    self.dimensions = dimensions
    self.elementCount = product
  }

  /// Elements of the innermost dimension; 1 for a scalar.
  public var columns: Int { dimensions.last ?? 1 }

  /// Rows of `columns` elements each; 0 for an empty tensor.
  public var rows: Int { columns == 0 ? 0 : elementCount / columns }

  /// Bytes of this many elements in `type`, rows padded to nothing.
  ///
  /// - Throws: ``ShapeError/notBlockMultiple(columns:type:)`` when a row does not fill whole blocks.
  public func byteCount(of type: TensorType) throws(ShapeError) -> Int {
    let perBlock = type.elementsPerBlock
    // safetensors packs its sub-byte types over the whole tensor, ggml its blocks over each row.
    let run = type.isQuantized ? columns : elementCount
    guard run % perBlock == 0 else { throw .notBlockMultiple(columns: run, type: type) }
    let (bytes, overflow) = (elementCount / perBlock).multipliedReportingOverflow(
      by: type.bytesPerBlock)
    guard !overflow else { throw .byteCountOverflows(dimensions, type) }
    return bytes
  }
}

extension Shape: CustomStringConvertible {
  /// `[32000, 576]`
  public var description: String {
    "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
  }
}

/// Why a list of extents is not the shape of a tensor.
public enum ShapeError: Error, Hashable, Sendable {
  case negativeExtent(Int)
  case elementCountOverflows([Int])
  case byteCountOverflows([Int], TensorType)
  case notBlockMultiple(columns: Int, type: TensorType)
}

extension ShapeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .negativeExtent(let extent):
      "negative extent \(extent)"
    case .elementCountOverflows(let dimensions):
      "the element count of \(dimensions) overflows"
    case .byteCountOverflows(let dimensions, let type):
      "the byte count of \(dimensions) in \(type) overflows"
    case .notBlockMultiple(let columns, let type):
      "\(columns) elements a row do not fill whole \(type) blocks of \(type.elementsPerBlock)"
    }
  }
}
