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
  /// Cosines and sines of each token, `[rotary][token][rotaryDim]`.
  let turns: Buffer<Float>
  /// Packed rows of either form, wide enough for the widest matrix.
  let packedFloats: Buffer<UInt8>
  let packedIntegers: Buffer<UInt8>
  /// Kernel scratch, one stretch a worker.
  private let scratch: Buffer<UInt8>
  private let scratchStride: Int

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
    gate = rows(dimensions.feedForwardWidth)
    up = rows(dimensions.feedForwardWidth)
    turns = rows(dimensions.rotaryDim * dimensions.rotaryCount)
    let widest = max(dimensions.width, dimensions.feedForwardWidth, dimensions.queryWidth)
    packedFloats = Buffer(
      quern_packed_bytes(QUERN_ACTIVATION_FLOAT, widest, batchCapacity))
    packedIntegers = Buffer(
      quern_packed_bytes(QUERN_ACTIVATION_INT8, widest, batchCapacity))
    // A cache line between workers.
    scratchStride = (Int(kernels.products.pointee.scratch_bytes) + 127) / 64 * 64
    scratch = Buffer(scratchStride * workerCount)
  }

  func packed(_ activation: quern_activation) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(
      activation == QUERN_ACTIVATION_INT8 ? packedIntegers.pointer : packedFloats.pointer)
  }

  func scratch(of worker: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(scratch.pointer) + worker * scratchStride
  }
}
