internal import CKernels
internal import Kernels

/// `rope_factors_short.weight` and `rope_factors_long.weight`.
struct LongRopeFactors: Sendable {
  var short, long: FloatVector?
}

extension TensorSource {
  /// - Throws: ``ModelError`` also when a file has one of the two and lacks the other.
  func longRopeFactors(rotaryDim: Int) throws(ModelError) -> LongRopeFactors {
    let names = ["rope_factors_short.weight", "rope_factors_long.weight"]
    guard names.contains(where: has) else { return LongRopeFactors() }
    return LongRopeFactors(
      short: try vector(names[0], count: rotaryDim / 2),
      long: try vector(names[1], count: rotaryDim / 2))
  }
}

/// Frequencies at an address that does not move.
final class FrequencyVector: @unchecked Sendable {
  // Written in `init` only.
  let values: UnsafeBufferPointer<Double>

  init(_ frequencies: [Double]) {
    let copy = UnsafeMutableBufferPointer<Double>.allocate(capacity: frequencies.count)
    _ = copy.initialize(from: frequencies)
    values = UnsafeBufferPointer(copy)
  }

  deinit { values.deallocate() }
}

extension Pass {
  /// Fills cosines and then sines of `rotary` for each position of the batch.
  func fillTurns(_ turns: UnsafeMutablePointer<Float>, of rotary: Rotary) {
    let frequencies = rotary.frequencies(contextLength: cache.contextLength)
    var region = FillRegion(
      pass: self, turns: turns, frequencies: frequencies, magnitude: rotary.magnitude)
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: tokenCount, chunk: tokenChunk, context: region) {
        context, lower, upper, _ in
        let region = context.assumingMemoryBound(to: FillRegion.self)
        for token in lower..<upper { region.pointee.run(token) }
      }
    }
  }
}

private struct FillRegion {
  let pass: Pass
  let turns: UnsafeMutablePointer<Float>
  let frequencies: UnsafeBufferPointer<Double>
  let magnitude: Double

  func run(_ token: Int) {
    pass.kernels.products.pointee.fill_turns(
      frequencies.baseAddress, frequencies.count, Double(pass.position + token), magnitude,
      turns + token * 2 * frequencies.count)
  }
}
