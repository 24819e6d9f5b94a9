internal import CKernels
internal import Kernels

/// The memory that one session computes in, allocated once: nothing is allocated per token.
final class Workspace {
  /// Tokens that pass through the layers together.
  let batchCapacity: Int

  /// The residual stream, `[token][width]`.
  let hidden: Buffer<Float>
  let normed: Buffer<Float>
  let queries: Buffer<Float>
  let keys: Buffer<Float>
  let values: Buffer<Float>
  let attended: Buffer<Float>
  let projected: Buffer<Float>
  let gate: Buffer<Float>
  let up: Buffer<Float>
  /// Of a mixture of experts.
  let experts: ExpertWorkspace?
  /// Cosines and sines of each token, `[rotary][token][rotaryDim]`.
  let turns: Buffer<Float>
  /// Packed rows of either form, wide enough for the widest matrix.
  let packedFloats: Buffer<UInt8>
  let packedIntegers: Buffer<UInt8>
  private let scratchMemory: Buffer<UInt8>
  /// Kernel scratch, one stretch a worker.
  let scratch: Scratch

  /// Plain addresses, so that workers who copy them count no references to what all of them share.
  struct Scratch {
    fileprivate let start: UnsafeMutableRawPointer
    fileprivate let stride: Int

    subscript(worker: Int) -> UnsafeMutableRawPointer { start + worker * stride }
  }

  init(_ dimensions: ModelDimensions, batchCapacity: Int, workerCount: Int, kernels: Kernels) {
    self.batchCapacity = batchCapacity
    func rows(_ width: Int) -> Buffer<Float> { Buffer(batchCapacity * width) }
    hidden = rows(dimensions.width)
    normed = rows(dimensions.width)
    queries = rows(dimensions.queryWidth)
    keys = rows(dimensions.kvWidth)
    values = rows(dimensions.kvWidth)
    attended = rows(dimensions.queryWidth)
    projected = rows(dimensions.width)
    gate = rows(dimensions.widestFeedForward)
    up = rows(dimensions.widestFeedForward)
    experts = dimensions.experts.map {
      ExpertWorkspace(
        $0, layerCount: dimensions.layerCount, width: dimensions.width,
        batchCapacity: batchCapacity)
    }
    turns = rows(dimensions.rotaryDim * dimensions.rotaryCount)
    let widest = max(dimensions.width, dimensions.widestFeedForward, dimensions.queryWidth)
    packedFloats = Buffer(
      quern_packed_bytes(QUERN_ACTIVATION_FLOAT, widest, batchCapacity))
    packedIntegers = Buffer(
      quern_packed_bytes(QUERN_ACTIVATION_INT8, widest, batchCapacity))
    // A cache line between workers.
    let stride = (Int(kernels.products.pointee.scratch_bytes) + 127) / 64 * 64
    scratchMemory = Buffer(stride * workerCount)
    scratch = Scratch(start: scratchMemory.pointer, stride: stride)
  }

  var byteCount: Int {
    let rows = [
      hidden, normed, queries, keys, values, attended, projected, gate, up, turns,
    ]
    return rows.reduce(0) { $0 + $1.byteCount } + packedFloats.byteCount + packedIntegers.byteCount
      + scratchMemory.byteCount + (experts?.byteCount ?? 0)
  }

  func packed(_ activation: quern_activation) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(
      activation == QUERN_ACTIVATION_INT8 ? packedIntegers.pointer : packedFloats.pointer)
  }
}
