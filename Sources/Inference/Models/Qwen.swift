/// `QWenLMHeadModel`: the original Qwen. Queries, keys and values are one matrix with biases, every head has
/// its own keys and values, and files state twice the width of the feed-forward networks.
///
/// - Source: arch `qwen` of llama.cpp; arXiv 2309.16609.
enum Qwen: DecoderArchitecture {
  static let name = "qwen"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    var parts = parts
    // A file of llama.cpp's converter has the epsilon under the key of norms around the mean.
    parts.hasLayerNorms = false
    guard parts.dimensions.kvHeadCount == parts.dimensions.headCount else {
      throw .badValue(
        key: "\(name).attention.head_count_kv", found: "\(parts.dimensions.kvHeadCount)",
        expected: "\(parts.dimensions.headCount), as many as queries")
    }
    parts.dimensions.feedForwardWidth = max(1, parts.dimensions.feedForwardWidth / 2)
    let (width, queryWidth) = (parts.dimensions.width, parts.dimensions.queryWidth)
    return try parts.decoder(rotaries: [parts.rotary(.halves)]) { (layer) throws(ModelError) in
      let inputs = try layer.parts.source.linears(
        "blk.\(layer.index).attn_qkv", rows: [queryWidth, queryWidth, queryWidth], columns: width)
      let attention = Attention(
        query: inputs[0], key: inputs[1], value: inputs[2],
        output: try layer.linear("attn_output", rows: width, columns: queryWidth),
        rotary: Attention.Turn(table: 0, order: .halves),
        scale: 1 / Float(layer.parts.dimensions.headDim).squareRoot())
      return DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: attention,
        feedForwardNorm: try layer.norm("ffn_norm"), feedForward: try layer.gatedFeedForward())
    }
  }
}
