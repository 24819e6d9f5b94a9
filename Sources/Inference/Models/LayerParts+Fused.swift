extension LayerParts {
  /// Attention whose queries, keys and values have one matrix, or one each: llama.cpp takes either for all
  /// architectures.
  ///
  /// - Parameter isFused: Which of them the architecture has where a file has neither.
  func attention(isFused: Bool, rotary: Int? = 0) throws(ModelError) -> Attention {
    let name = "blk.\(index).attn_qkv"
    let other = isFused ? "blk.\(index).attn_q" : name
    guard isFused != parts.source.has("\(other).weight") else {
      return try attention(rotary: rotary)
    }
    let dimensions = parts.dimensions
    let inputs = try parts.source.linears(
      name, rows: [dimensions.queryWidth, dimensions.kvWidth, dimensions.kvWidth],
      columns: dimensions.width)
    return Attention(
      query: inputs[0], key: inputs[1], value: inputs[2],
      output: try linear("attn_output", rows: dimensions.width, columns: dimensions.queryWidth),
      rotary: rotary.map { Attention.Turn(table: $0, order: rotaries[$0].order) },
      scale: 1 / Float(dimensions.headDim).squareRoot())
  }

  /// An up and a down projection with GELU between them.
  func plainFeedForward() throws(ModelError) -> PlainFeedForward {
    let (width, inner) = (parts.dimensions.width, parts.dimensions.feedForwardWidth)
    return PlainFeedForward(
      up: try linear("ffn_up", rows: inner, columns: width),
      down: try linear("ffn_down", rows: width, columns: inner))
  }
}
