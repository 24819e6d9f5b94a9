internal import CKernels
internal import Kernels

extension Pass {
  /// Lets the queries of every token see the cache of `layer` up to their own position.
  func attend(layer: Int) {
    let group = dimensions.headCount / dimensions.kvHeadCount
    let tokensPerItem = max(1, min(16, 128 / group))
    var job = quern_attention(
      queries: workspace.queries.pointer, query_stride: dimensions.queryWidth,
      output: workspace.attended.pointer, output_stride: dimensions.queryWidth,
      cache: cache.type.kernelType, keys: cache.keys(layer: layer),
      values: cache.values(layer: layer), key_offsets: cache.keyOffsets?.layer(layer),
      key_offset_stride: cache.keyOffsets?.headStride ?? 0,
      head_stride: cache.headStride, head_dim: dimensions.headDim, heads: dimensions.headCount,
      kv_heads: dimensions.kvHeadCount, tokens: tokenCount, first_position: position, window: 0,
      scale: 1 / Float(dimensions.headDim).squareRoot(), tokens_per_item: tokensPerItem)
    let blocks = (tokenCount + tokensPerItem - 1) / tokensPerItem
    withUnsafeMutablePointer(to: &job) { job in
      var region = AttentionRegion(
        job: job, attention: kernels.products.pointee.attention, workspace: workspace)
      withUnsafeMutablePointer(to: &region) { region in
        pool.runChunks(of: blocks * dimensions.kvHeadCount, chunk: 1, context: region) {
          context, lower, upper, worker in
          let region = context.assumingMemoryBound(to: AttentionRegion.self)
          region.pointee.attention(
            region.pointee.job, lower, upper, region.pointee.workspace.scratch(of: worker))
        }
      }
    }
  }
}

private struct AttentionRegion {
  let job: UnsafePointer<quern_attention>
  let attention: quern_attention_fn
  let workspace: Workspace
}
