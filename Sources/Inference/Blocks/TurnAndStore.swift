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
        region.pointee.run(lower..<upper)
      }
    }
  }
}

private struct TurnRegion {
  let pass: Pass
  let layer: Int
  let attention: Attention

  func run(_ tokens: Range<Int>) {
    // What threads share is taken up once for a chunk: counting references is a conversation of theirs.
    let (dimensions, products) = (pass.dimensions, pass.kernels.products)
    let (queries, keys) = (pass.workspace.queries.pointer, pass.workspace.keys.pointer)
    normalize(queries, dimensions.headCount, tokens, attention.queryNorm)
    normalize(keys, dimensions.kvHeadCount, tokens, attention.keyNorm)
    if let rotary = attention.rotary {
      let turns = pass.turns(of: rotary.table)
      let rotate =
        rotary.order == .neighbours
        ? products.pointee.rotate_neighbours! : products.pointee.rotate_halves!
      for token in tokens {
        let turn = turns + token * dimensions.rotaryDim
        for head in 0..<dimensions.headCount {
          let head = queries + token * dimensions.queryWidth + head * dimensions.headDim
          rotate(head, turn, dimensions.rotaryDim / 2)
        }
        for head in 0..<dimensions.kvHeadCount {
          let head = keys + token * dimensions.kvWidth + head * dimensions.headDim
          rotate(head, turn, dimensions.rotaryDim / 2)
        }
      }
    }
    store(tokens)
  }

  /// Normalises the heads of each token, some elements together.
  private func normalize(
    _ heads: UnsafeMutablePointer<Float>, _ headCount: Int, _ tokens: Range<Int>, _ norm: Norm?
  ) {
    guard let norm else { return }
    let width = headCount * pass.dimensions.headDim
    let count = norm.groupWidth ?? norm.weight.count
    let products = pass.kernels.products
    for token in tokens {
      for start in stride(from: 0, to: width, by: count) {
        let group = heads + token * width + start
        norm.apply(
          group, into: group, count: count, offset: start % norm.weight.count, products)
      }
    }
  }

  private func store(_ tokens: Range<Int>) {
    let (cache, kernels) = (pass.cache, pass.kernels)
    let (keys, values) = (pass.workspace.keys.pointer, pass.workspace.values.pointer)
    let width = pass.dimensions.kvWidth
    for token in tokens {
      cache.store(
        layer: layer, position: pass.position + token, keys: keys + token * width,
        values: values + token * width, kernels: kernels)
    }
  }
}
