internal import CKernels
internal import Kernels

extension Pass {
  /// Where the cosines and sines of a rotary embedding lie.
  func turns(of rotary: Int) -> UnsafeMutablePointer<Float> {
    workspace.turns.pointer + rotary * workspace.batchCapacity * dimensions.rotaryDim
  }

  /// Normalises queries and keys, turns them to their positions and puts keys and values into the cache
  /// of `layer`.
  func turnAndStore(_ attention: Attention, layer: Int) {
    var region = TurnRegion(pass: self, layer: layer, attention: attention)
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: tokenCount, chunk: tokenChunk, context: region) {
        context, lower, upper, _ in
        let region = context.assumingMemoryBound(to: TurnRegion.self)
        for token in lower..<upper { region.pointee.run(token) }
      }
    }
  }
}

private struct TurnRegion {
  let pass: Pass
  let layer: Int
  let attention: Attention

  func run(_ token: Int) {
    let dimensions = pass.dimensions
    let workspace = pass.workspace
    let queries = workspace.queries.pointer + token * dimensions.queryWidth
    let keys = workspace.keys.pointer + token * dimensions.kvWidth
    normalize(queries, headCount: dimensions.headCount, attention.queryNorm)
    normalize(keys, headCount: dimensions.kvHeadCount, attention.keyNorm)
    turn(queries, headCount: dimensions.headCount, token)
    turn(keys, headCount: dimensions.kvHeadCount, token)
    pass.cache.store(
      layer: layer, position: pass.position + token, keys: keys,
      values: workspace.values.pointer + token * dimensions.kvWidth, kernels: pass.kernels)
  }

  private func normalize(_ heads: UnsafeMutablePointer<Float>, headCount: Int, _ norm: Norm?) {
    guard let norm else { return }
    let count = norm.groupWidth ?? norm.weight.count
    for start in stride(from: 0, to: headCount * pass.dimensions.headDim, by: count) {
      norm.apply(
        heads + start, into: heads + start, count: count, offset: start % norm.weight.count,
        pass.kernels.products)
    }
  }

  private func turn(_ heads: UnsafeMutablePointer<Float>, headCount: Int, _ token: Int) {
    guard let rotary = attention.rotary else { return }
    let dimensions = pass.dimensions
    let turns = pass.turns(of: rotary.table) + token * dimensions.rotaryDim
    let products = pass.kernels.products
    let rotate =
      rotary.order == .neighbours
      ? products.pointee.rotate_neighbours! : products.pointee.rotate_halves!
    for head in 0..<headCount {
      rotate(heads + head * dimensions.headDim, turns, dimensions.rotaryDim / 2)
    }
  }
}
