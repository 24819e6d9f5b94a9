internal import CKernels
internal import Kernels

/// The projections of attention, and how its queries see keys.
struct Attention: Sendable {
  /// Which of the model's rotary embeddings, and which elements it pairs.
  struct Turn: Sendable {
    let table: Int
    let order: Rotary.Order
  }

  var query, key, value, output: Linear
  /// Norms before the turn: of each head where they are as wide as one, else of all heads together.
  var queryNorm, keyNorm: Norm?
  /// Without one a layer knows no positions.
  var rotary: Turn?
  /// Positions that a token sees, itself included; 0 for all.
  var window = 0
  /// Of the scores.
  var scale: Float
  /// Bound of the scaled scores; 0 for none.
  var softcap: Float = 0
  /// A score of each head that takes its share of the weights and has no value.
  var sinks: FloatVector?
}

extension Pass {
  /// One attention, from the residual stream to `projected`.
  ///
  /// - Parameters:
  ///   - norm: Through which it reads the residual stream.
  ///   - addition: What the residual stream lacks before.
  func attention(
    _ attention: Attention, layer: Int, after norm: Norm?, adding addition: Addition?
  ) {
    normalize(
      adding: addition, norm,
      packing: ActivationForms(attention.query, attention.key, attention.value))
    multiply(
      (attention.query, workspace.queries.pointer, dimensions.queryWidth),
      (attention.key, workspace.keys.pointer, dimensions.kvWidth),
      (attention.value, workspace.values.pointer, dimensions.kvWidth))
    turnAndStore(attention, layer: layer)
    attend(attention, layer: layer)
    pack(
      workspace.attended, columns: dimensions.queryWidth, for: ActivationForms(attention.output))
    multiply((attention.output, workspace.projected.pointer, dimensions.width))
  }

  /// Lets the queries of every token see the cache of `layer` up to their own position.
  private func attend(_ attention: Attention, layer: Int) {
    let group = dimensions.headCount / dimensions.kvHeadCount
    let tokensPerItem = max(1, min(16, 128 / group))
    var job = quern_attention(
      queries: workspace.queries.pointer, query_stride: dimensions.queryWidth,
      output: workspace.attended.pointer, output_stride: dimensions.queryWidth,
      cache: cache.layers[layer].type.kernelType, keys: cache.keys(layer: layer),
      values: cache.values(layer: layer), key_offsets: cache.keyOffsets(layer: layer),
      key_offset_stride: cache.keyOffsets?.headStride ?? 0,
      head_stride: cache.layers[layer].headStride, head_dim: dimensions.headDim,
      heads: dimensions.headCount,
      kv_heads: dimensions.kvHeadCount, tokens: tokenCount, first_position: position,
      window: attention.window, scale: attention.scale, softcap: attention.softcap,
      sinks: attention.sinks?.values.baseAddress, tokens_per_item: tokensPerItem)
    let blocks = (tokenCount + tokensPerItem - 1) / tokensPerItem
    withUnsafeMutablePointer(to: &job) { job in
      var region = AttentionRegion(
        job: job, attention: kernels.products.pointee.attention, scratch: workspace.scratch)
      withUnsafeMutablePointer(to: &region) { region in
        pool.runChunks(of: blocks * dimensions.kvHeadCount, chunk: 1, context: region) {
          context, lower, upper, worker in
          let region = context.assumingMemoryBound(to: AttentionRegion.self)
          region.pointee.attention(
            region.pointee.job, lower, upper, region.pointee.scratch[worker])
        }
      }
    }
  }
}

private struct AttentionRegion {
  let job: UnsafePointer<quern_attention>
  let attention: quern_attention_fn
  let scratch: Workspace.Scratch
}
