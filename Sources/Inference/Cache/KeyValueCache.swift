internal import CKernels
internal import Kernels

/// Keys and values of every position, for all layers of one sequence.
///
/// Each layer holds its keys, then its values. Keys of a head lie in groups of 16 positions, dimension
/// by dimension, so that 16 scores are computed side by side; values lie position by position.
/// Memory is claimed at once and touched as the sequence grows.
final class KeyValueCache {
  let type: CacheType
  /// Positions that a sequence may have.
  let contextLength: Int
  /// Bytes from one head of a layer to the next.
  let headStride: Int
  /// What keys are stored without.
  let keyOffsets: KeyOffsets?
  private let layerStride: Int
  private let headDim: Int
  private let rowByteCount: Int
  private let kvHeadCount: Int
  private let bytes: Buffer<UInt8>

  /// - Parameters:
  ///   - biases: Of the keys; a coarse cache holds less than the whole of them.
  ///   - available: Bytes that the machine has for it.
  /// - Throws: ``ModelError/cacheDoesNotFit(contextLength:type:byteCount:available:)`` before anything
  ///   is allocated.
  init(
    _ dimensions: ModelDimensions, contextLength: Int, type: CacheType,
    biases: KeyBiases? = nil, available: Int = MachineMemory().availableByteCount
  ) throws(ModelError) {
    let byteCount = dimensions.cacheByteCount(contextLength: contextLength, type: type)
    guard let byteCount, byteCount <= available else {
      throw .cacheDoesNotFit(
        contextLength: contextLength, type: type, byteCount: byteCount, available: available)
    }
    self.type = type
    self.contextLength = contextLength
    headDim = dimensions.headDim
    kvHeadCount = dimensions.kvHeadCount
    rowByteCount = type.rowByteCount(headDim: headDim)
    headStride = ModelDimensions.cacheCapacity(contextLength) * rowByteCount
    layerStride = headStride * kvHeadCount
    bytes = Buffer(byteCount)
    keyOffsets =
      type.holdsWholeKeys
      ? nil
      : biases.flatMap { KeyOffsets($0, dimensions: dimensions, contextLength: contextLength) }
  }

  var byteCount: Int { bytes.byteCount }

  func keys(layer: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bytes.pointer) + 2 * layer * layerStride
  }

  func values(layer: Int) -> UnsafeMutableRawPointer { keys(layer: layer) + layerStride }

  /// Puts one position's keys and values, `[head][dimension]`, into a layer.
  func store(
    layer: Int, position: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
    kernels: Kernels
  ) {
    let layerKeys = self.keys(layer: layer)
    let layerValues = self.values(layer: layer)
    for head in 0..<kvHeadCount {
      quern_cache_store_value(
        kernels.table, type.kernelType, values + head * headDim, headDim,
        layerValues + head * headStride + position * rowByteCount)
      quern_cache_store_key(
        kernels.table, type.kernelType, keys + head * headDim,
        keyOffsets?.row(layer: layer, head: head, position: position), headDim, position,
        layerKeys + head * headStride)
    }
  }
}

extension ModelDimensions {
  /// Positions, rounded up to what attention reads at once.
  fileprivate static func cacheCapacity(_ contextLength: Int) -> Int {
    let group = Int(QUERN_KEY_GROUP)
    return (contextLength + group - 1) / group * group
  }

  /// Bytes of keys and values of `contextLength` positions; `nil` when no machine can count them.
  ///
  /// - Parameter contextLength: Up to the model's limit.
  public func cacheByteCount(contextLength: Int, type: CacheType) -> Int? {
    let factors = [
      Self.cacheCapacity(contextLength), type.rowByteCount(headDim: headDim), kvHeadCount,
      layerCount, 2,
    ]
    var product = 1
    for factor in factors {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      if overflow { return nil }
      product = next
    }
    return product
  }
}
