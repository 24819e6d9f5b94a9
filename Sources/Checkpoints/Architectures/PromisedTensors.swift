extension Architecture {
  /// Refuses a checkpoint that lacks tensors which an architecture need not have, but this model has: its
  /// configuration promises them, or other layers have theirs.
  ///
  /// - Throws: ``CheckpointError`` with `.missingTensor`.
  func checkPromises(
    of config: JSONFile, _ decoder: DecoderConfig, _ found: [CheckpointTensor]
  ) throws {
    let names = Set(found.map { LayeredName($0.name) })
    let kept = try biasKeys.filter { try config.bool($0.key) == true }
    // A feed-forward network beside attention shares its norm; one behind it has its own.
    let isBehind = try config.bool("use_parallel_residual") != true
    for pair in tensors where pair.isOptional && !pair.isOutput {
      let layers = 0..<(pair.gguf.contains("#") ? decoder.layerCount : 1)
      func isThere(_ layer: Int) -> Bool {
        names.contains(LayeredName(LayeredName.spell(pair.gguf, layer: layer)))
      }
      let isPromised =
        kept.contains { speaks($0.tensor, of: pair) }
        || isBehind && pair.gguf.hasPrefix("blk.#.ffn_norm.")
      guard isPromised || layers.contains(where: isThere) else { continue }
      guard let layer = layers.first(where: { !isThere($0) }) else { continue }
      let name =
        pair.isByHead
        ? pair.spell(layer: layer, head: 0) : LayeredName.spell(pair.huggingFace, layer: layer)
      throw CheckpointError(.missingTensor(name), path: config.path.folder)
    }
  }

  /// Whether the key that promises `tensor` promises this one too: all of the same block, or of the whole layer
  /// where no other key promises any.
  private func speaks(_ tensor: String, of pair: TensorPair) -> Bool {
    guard pair.isBias == tensor.hasSuffix(".bias") else { return false }
    let isAttention = pair.gguf.hasPrefix("blk.#.attn_")
    return biasKeys.count == 1 || isAttention == tensor.hasPrefix("blk.0.attn_")
  }
}
