/// `StableLmForCausalLM`: norms around the mean, a part of each head turned; in the larger ones the
/// feed-forward network reads what attention reads, without a norm of its own, and every head of queries
/// and keys has a norm.
///
/// - Source: arch `stablelm` of llama.cpp; `StableLmConfig` of transformers 5.
enum StableLM: DecoderArchitecture {
  static let name = "stablelm"

  static func decoder(_ parts: DecoderParts) throws(ModelError) -> Decoder {
    // A file may say that it is parallel and is not; one that says that it is not must have the norms.
    let needsNorms = parts.parameters.flag("use_parallel_residual") == false
    return try parts.decoder(rotaries: [parts.rotary(.halves)]) { (layer) throws(ModelError) in
      let isParallel = !needsNorms && !layer.has("ffn_norm.weight")
      var attention = try layer.attention(isFused: false)
      attention.queryNorm = try layer.headNorm("attn_q_norm", heads: parts.dimensions.headCount)
      attention.keyNorm = try layer.headNorm("attn_k_norm", heads: parts.dimensions.kvHeadCount)
      return DecoderLayer(
        attentionNorm: try layer.norm("attn_norm"), attention: attention,
        feedForwardNorm: isParallel ? nil : try layer.norm("ffn_norm"),
        feedForward: try layer.gatedFeedForward(), isParallel: isParallel)
    }
  }
}

extension LayerParts {
  fileprivate func has(_ name: String) -> Bool { parts.source.has("blk.\(index).\(name)") }

  /// Norms around the mean of each head, without biases, where the file has them.
  fileprivate func headNorm(_ name: String, heads: Int) throws(ModelError) -> Norm? {
    guard has("\(name).weight") else { return nil }
    let width = parts.dimensions.headDim
    let weights = try parts.source.table(
      "blk.\(index).\(name).weight", rows: heads, columns: width)
    let weight = FloatVector(count: heads * width) { values in
      for head in 0..<heads { weights.decodeRow(head, into: values + head * width) }
    }
    return Norm(
      weight: weight, bias: FloatVector(count: heads * width) { _ in }, epsilon: parts.epsilon,
      groupWidth: width)
  }
}
