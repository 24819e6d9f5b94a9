internal import CKernels
internal import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the elements of a cache are.
public enum CacheType: Sendable, Hashable {
  case f16
  /// Twice the memory: for weights whose precision F16 would limit.
  case f32

  var elementByteCount: Int { self == .f16 ? 2 : 4 }
  var kernelType: quern_cache { self == .f16 ? QUERN_CACHE_F16 : QUERN_CACHE_F32 }
}

/// Keys and values of every position, for all layers of one sequence.
///
/// Each layer holds its keys, then its values. Keys of a head lie in groups of 16 positions, dimension
/// by dimension, so that 16 scores are computed side by side; values lie position by position.
/// Memory is claimed at once and touched as the sequence grows.
final class KeyValueCache {
  let contextLength: Int
  let type: CacheType
  let headStride: Int
  private let layerStride: Int
  private let headDim: Int
  private let kvHeadCount: Int
  private let bytes: Buffer<UInt8>

  /// - Throws: ``ModelError/cacheDoesNotFit(contextLength:byteCount:available:)`` before anything is
  ///   allocated.
  init(
    _ dimensions: ModelDimensions, contextLength: Int, type: CacheType
  ) throws(ModelError) {
    let byteCount = Self.byteCount(dimensions, contextLength: contextLength, type: type)
    let available = Self.availableByteCount
    guard byteCount < available else {
      throw .cacheDoesNotFit(
        contextLength: contextLength, byteCount: byteCount, available: available)
    }
    self.contextLength = contextLength
    self.type = type
    headDim = dimensions.headDim
    kvHeadCount = dimensions.kvHeadCount
    headStride = Self.capacity(contextLength) * headDim
    layerStride = headStride * kvHeadCount
    bytes = Buffer(byteCount)
  }

  /// Positions, rounded up to what attention reads at once.
  private static func capacity(_ contextLength: Int) -> Int {
    (contextLength + Int(QUERN_KEY_GROUP) - 1) / Int(QUERN_KEY_GROUP) * Int(QUERN_KEY_GROUP)
  }

  /// Bytes that a cache of `contextLength` positions takes; `Int.max` when that overflows.
  static func byteCount(
    _ dimensions: ModelDimensions, contextLength: Int, type: CacheType
  ) -> Int {
    let factors = [
      capacity(contextLength), dimensions.headDim, dimensions.kvHeadCount, dimensions.layerCount,
      2 * type.elementByteCount,
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

  func keys(layer: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bytes.pointer) + 2 * layer * layerStride * type.elementByteCount
  }

  func values(layer: Int) -> UnsafeMutableRawPointer {
    keys(layer: layer) + layerStride * type.elementByteCount
  }

  /// Puts one position's keys and values, `[head][dimension]`, into a layer.
  func store(
    layer: Int, position: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
    kernels: Kernels
  ) {
    let products = kernels.products
    let group = Int(QUERN_KEY_GROUP)
    let width = type.elementByteCount
    let layerKeys = self.keys(layer: layer)
    let layerValues = self.values(layer: layer)
    for head in 0..<kvHeadCount {
      let value = layerValues + (head * headStride + position * headDim) * width
      switch type {
      case .f16:
        products.pointee.to_half(
          values + head * headDim, headDim, value.assumingMemoryBound(to: UInt16.self))
      case .f32:
        value.copyMemory(from: values + head * headDim, byteCount: headDim * width)
      }
      let groupStart = head * headStride + position / group * group * headDim
      products.pointee.store_key(
        keys + head * headDim, headDim, type.kernelType,
        layerKeys + (groupStart + position % group) * width)
    }
  }
}
