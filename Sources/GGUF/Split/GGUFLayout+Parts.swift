public import TensorCore

/// How large the parts of a set may become.
public struct GGUFPartLimits: Sendable, Hashable {
  /// Bytes of tensors in one part, at most, unless a single tensor has more.
  public var byteCount: Int?
  /// Tensors in one part, at most.
  public var tensorCount: Int?

  public init(byteCount: Int? = nil, tensorCount: Int? = nil) {
    self.byteCount = byteCount
    self.tensorCount = tensorCount
  }
}

extension GGUFLayout {
  /// The layouts of the files that a model becomes: a single plain one when everything fits into it.
  ///
  /// The first part has all metadata, the others only what makes them parts, so that their alignment is
  /// the usual one. Tensors keep their order; a part ends before the tensor that would exceed a limit.
  /// Differs from llama.cpp's splitter in two places: where everything fits it makes a set of one, and
  /// a first tensor beyond the limit it refuses.
  ///
  /// - Parameter completing: Adds to the metadata of a part what depends on the byte counts of its tensors.
  /// - Source: `split_strategy` of llama.cpp's tools/gguf-split/gguf-split.cpp.
  /// - Throws: ``GGUFError`` as ``init(metadata:tensors:)``, and for more parts than a set can have.
  public static func parts(
    metadata: GGUFMetadata, tensors: [TensorInfo], limits: GGUFPartLimits,
    byteOrder: ByteOrder = .little,
    completing: (_ metadata: GGUFMetadata, _ byteCounts: [Int]) -> GGUFMetadata = { metadata, _ in
      metadata
    }
  ) throws(GGUFError) -> [GGUFLayout] {
    let metadata = metadata.withoutSplit
    let whole = try GGUFLayout(metadata: metadata, tensors: tensors, byteOrder: byteOrder)
    let byteCounts = whole.tensors.map(\.byteCount)
    let ranges = limits.ranges(of: byteCounts)
    guard ranges.count > 1 else {
      return [
        try GGUFLayout(
          metadata: completing(metadata, byteCounts), tensors: tensors, byteOrder: byteOrder)
      ]
    }
    guard ranges.count <= GGUFPartName.countLimit else {
      throw GGUFError(.tooManyParts(ranges.count, limit: GGUFPartName.countLimit))
    }
    var layouts: [GGUFLayout] = []
    for (index, range) in ranges.enumerated() {
      var own = index == 0 ? metadata : GGUFMetadata()
      own[GGUFSplit.numberKey] = .uint16(UInt16(index))
      own[GGUFSplit.tensorCountKey] = .int32(Int32(clamping: tensors.count))
      own[GGUFSplit.countKey] = .uint16(UInt16(ranges.count))
      layouts.append(
        try GGUFLayout(
          metadata: completing(own, Array(byteCounts[range])), tensors: Array(tensors[range]),
          byteOrder: byteOrder))
    }
    return layouts
  }
}

extension GGUFPartLimits {
  /// Which tensors, of these sizes, share a part.
  func ranges(of byteCounts: [Int]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var first = 0
    var size = 0
    for (index, byteCount) in byteCounts.enumerated() {
      // The splitter counts in steps of 32 whatever the alignment.
      let padded = byteCount.rounded(upToMultipleOf: GGUFHeader.defaultAlignment)
      let isFull =
        padded > (self.byteCount ?? .max) - size || index - first >= tensorCount ?? .max
      if index > first, isFull {
        ranges.append(first..<index)
        first = index
        size = 0
      }
      size += padded
    }
    return ranges + [first..<byteCounts.count]
  }
}
