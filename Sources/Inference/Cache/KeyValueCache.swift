internal import CKernels
internal import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Keys and values of every position, in binary16, for all layers of one sequence.
///
/// Each layer holds its keys, then its values. Keys of a head lie in groups of 16 positions, dimension
/// by dimension, so that 16 scores are computed side by side; values lie position by position.
/// Memory is claimed at once and touched as the sequence grows.
final class KeyValueCache {
  let contextLength: Int
  let headStride: Int
  private let layerStride: Int
  private let headDim: Int
  private let kvHeadCount: Int
  private let elements: Buffer<UInt16>

  /// - Throws: ``ModelError/cacheDoesNotFit(contextLength:byteCount:available:)`` before anything is
  ///   allocated.
  init(_ dimensions: ModelDimensions, contextLength: Int) throws(ModelError) {
    let byteCount = Self.byteCount(dimensions, contextLength: contextLength)
    let available = Self.availableByteCount
    guard byteCount < available else {
      throw .cacheDoesNotFit(
        contextLength: contextLength, byteCount: byteCount, available: available)
    }
    self.contextLength = contextLength
    headDim = dimensions.headDim
    kvHeadCount = dimensions.kvHeadCount
    headStride = Self.capacity(contextLength) * headDim
    layerStride = headStride * kvHeadCount
    elements = Buffer(2 * layerStride * dimensions.layerCount)
  }

  /// Positions, rounded up to what attention reads at once.
  private static func capacity(_ contextLength: Int) -> Int {
    (contextLength + Int(QUERN_KEY_GROUP) - 1) / Int(QUERN_KEY_GROUP) * Int(QUERN_KEY_GROUP)
  }

  /// Bytes that a cache of `contextLength` positions takes; `Int.max` when that overflows.
  static func byteCount(_ dimensions: ModelDimensions, contextLength: Int) -> Int {
    let factors = [
      capacity(contextLength), dimensions.headDim, dimensions.kvHeadCount, dimensions.layerCount, 4,
    ]
    var product = 1
    for factor in factors {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      if overflow { return .max }
      product = next
    }
    return product
  }

  /// Physical memory of this machine.
  private static var availableByteCount: Int {
    Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(getpagesize())
  }

  func keys(layer: Int) -> UnsafeMutablePointer<UInt16> {
    elements.pointer + 2 * layer * layerStride
  }

  func values(layer: Int) -> UnsafeMutablePointer<UInt16> {
    keys(layer: layer) + layerStride
  }

  /// Puts one position's keys and values, `[head][dimension]`, into a layer.
  func store(
    layer: Int, position: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
    kernels: Kernels
  ) {
    let group = Int(QUERN_KEY_GROUP)
    let layerKeys = self.keys(layer: layer)
    let layerValues = self.values(layer: layer)
    for head in 0..<kvHeadCount {
      kernels.products.pointee.to_half(
        values + head * headDim, headDim, layerValues + head * headStride + position * headDim)
      kernels.products.pointee.store_key(
        keys + head * headDim, headDim,
        layerKeys + head * headStride + position / group * group * headDim + position % group)
    }
  }
}
