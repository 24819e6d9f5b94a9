#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

internal import CKernels
internal import Kernels

extension Pass {
  /// Chooses the experts with the highest scores for each token; of equal ones the first.
  func chooseExperts(_ experts: ExpertWorkspace, _ weighting: MixtureOfExperts.Weighting) {
    var region = RoutingRegion(experts: experts, weighting: weighting)
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: tokenCount, chunk: tokenChunk, context: region) {
        context, lower, upper, _ in
        let region = context.assumingMemoryBound(to: RoutingRegion.self)
        for token in lower..<upper { region.pointee.run(token) }
      }
    }
  }

  /// Adds up what the experts of each token gave, into `projected`.
  ///
  /// - Parameter hasShared: Whether the output of a shared expert lies there already.
  func mixExperts(_ experts: ExpertWorkspace, hasShared: Bool) {
    var region = MixingRegion(
      experts: experts, projected: workspace.projected.pointer, hasShared: hasShared)
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: tokenCount, chunk: tokenChunk, context: region) {
        context, lower, upper, _ in
        let region = context.assumingMemoryBound(to: MixingRegion.self)
        for token in lower..<upper { region.pointee.run(token) }
      }
    }
  }
}

private struct RoutingRegion {
  let experts: ExpertWorkspace
  let weighting: MixtureOfExperts.Weighting

  func run(_ token: Int) {
    let (count, used) = (experts.dimensions.count, experts.dimensions.usedCount)
    let scores = experts.scores.pointer + token * count
    let chosen = experts.chosen.pointer + token * used
    let weights = experts.weights.pointer + token * used
    let sumOfAll = weighting == .all ? Self.sumOfExponentials(scores, count) : 0
    for place in 0..<used {
      var best = 0
      for expert in 1..<max(1, count) where scores[expert] > scores[best] { best = expert }
      chosen[place] = Int32(best)
      weights[place] = scores[best]
      scores[best] = -.infinity
    }
    // The first is the largest: no exponential overflows.
    let largest = weights[0]
    for place in 0..<used { weights[place] = exp(weights[place] - largest) }
    var sum = sumOfAll
    if weighting == .chosen {
      for place in 0..<used { sum += weights[place] }
    }
    for place in 0..<used { weights[place] /= sum }
  }

  /// Of the differences from the largest.
  private static func sumOfExponentials(_ scores: UnsafePointer<Float>, _ count: Int) -> Float {
    var largest = scores[0]
    for expert in 1..<max(1, count) where scores[expert] > largest { largest = scores[expert] }
    var sum: Float = 0
    for expert in 0..<count { sum += exp(scores[expert] - largest) }
    return sum
  }
}

private struct MixingRegion {
  let experts: ExpertWorkspace
  let projected: UnsafeMutablePointer<Float>
  let hasShared: Bool

  func run(_ token: Int) {
    let width = experts.width
    let output = projected + token * width
    if hasShared {
      let scale = 1 / (1 + exp(-experts.sharedScales.pointer[token]))
      output.scale(by: scale, count: width)
    } else {
      output.initialize(repeating: 0, count: width)
    }
    let used = experts.dimensions.usedCount
    for choice in token * used..<(token + 1) * used {
      let weight = experts.weights.pointer[choice]
      let row = experts.rows.pointer + Int(experts.slots.pointer[choice]) * width
      for place in 0..<width { output[place] += weight * row[place] }
    }
  }
}
