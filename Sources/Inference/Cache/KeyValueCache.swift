internal import CKernels
internal import Kernels

/// Keys and values of every position, for all layers of one sequence.
///
/// Each layer holds its keys, then its values. Keys of a head lie in groups of 16 positions, dimension
/// by dimension, so that 16 scores are computed side by side; values lie position by position.
/// Memory is claimed at once and touched as the sequence grows.
final class KeyValueCache {
  /// How a layer is held, and where.
  struct Layer {
    let type: CacheType
    /// Bytes from one head to the next.
    let headStride: Int
    fileprivate let rowByteCount: Int
    fileprivate let start: Int
  }

  let layers: [Layer]
  /// Positions that a sequence may have.
  let contextLength: Int
  /// What keys are stored without.
  let keyOffsets: KeyOffsets?
  private let headDim: Int
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
    let types = (0..<dimensions.layerCount).map { layer in
      let rest =
        biases?.rest(layer: layer, dimensions: dimensions, contextLength: contextLength) ?? 0
      return type.holding(keysThatDifferBy: rest)
    }
    let byteCount = dimensions.cacheByteCount(contextLength: contextLength, types: types)
    guard let byteCount, byteCount <= available else {
      throw .cacheDoesNotFit(
        contextLength: contextLength, type: type, byteCount: byteCount, available: available)
    }
    self.contextLength = contextLength
    headDim = dimensions.headDim
    kvHeadCount = dimensions.kvHeadCount
    var start = 0
    var layers: [Layer] = []
    for type in types {
      let rowByteCount = type.rowByteCount(headDim: headDim)
      let headStride = ModelDimensions.cacheCapacity(contextLength) * rowByteCount
      layers.append(
        Layer(type: type, headStride: headStride, rowByteCount: rowByteCount, start: start))
      start += 2 * headStride * kvHeadCount
    }
    self.layers = layers
    bytes = Buffer(byteCount)
    keyOffsets =
      type.holdsWholeKeys
      ? nil
      : biases.flatMap { KeyOffsets($0, dimensions: dimensions, contextLength: contextLength) }
  }

  var byteCount: Int { bytes.byteCount }

  func keys(layer: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bytes.pointer) + layers[layer].start
  }

  func values(layer: Int) -> UnsafeMutableRawPointer {
    keys(layer: layer) + layers[layer].headStride * kvHeadCount
  }

  /// What the keys of a layer are stored without.
  func keyOffsets(layer: Int) -> UnsafePointer<Float>? {
    layers[layer].type.holdsWholeKeys ? nil : keyOffsets?.layer(layer)
  }

  /// Puts one position's keys and values, `[head][dimension]`, into a layer.
  func store(
    layer: Int, position: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
    kernels: Kernels
  ) {
    let layerKeys = self.keys(layer: layer)
    let layerValues = self.values(layer: layer)
    let place = layers[layer]
    let offsets = place.type.holdsWholeKeys ? nil : keyOffsets
    for head in 0..<kvHeadCount {
      quern_cache_store_value(
        kernels.table, place.type.kernelType, values + head * headDim, headDim,
        layerValues + head * place.headStride + position * place.rowByteCount)
      quern_cache_store_key(
        kernels.table, place.type.kernelType, keys + head * headDim,
        offsets?.row(layer: layer, head: head, position: position), headDim, position,
        layerKeys + head * place.headStride)
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
    cacheByteCount(contextLength: contextLength, types: Array(repeating: type, count: layerCount))
  }

  /// The same for layers of several types.
  func cacheByteCount(contextLength: Int, types: [CacheType]) -> Int? {
    var total = 0
    for type in types {
      var product = 2
      for factor in [
        Self.cacheCapacity(contextLength), type.rowByteCount(headDim: headDim), kvHeadCount,
      ] {
        let (next, overflow) = product.multipliedReportingOverflow(by: factor)
        if overflow { return nil }
        product = next
      }
      let (sum, overflow) = total.addingReportingOverflow(product)
      if overflow { return nil }
      total = sum
    }
    return total
  }
}
