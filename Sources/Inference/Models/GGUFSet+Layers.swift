internal import GGUF

extension GGUFSet {
  /// Refuses a model of which some layers have a bias or a norm that others lack: those that an architecture may
  /// have, all layers have or none.
  func checkLayersAgree(layerCount: Int) throws(ModelError) {
    var layers: [Substring: Set<Int>] = [:]
    for tensor in tensors where tensor.name.hasPrefix("blk.") {
      let parts = tensor.name.split(separator: ".", maxSplits: 2)
      guard parts.count == 3, let layer = Int(parts[1]), 0..<layerCount ~= layer,
        parts[2].hasSuffix(".bias") || parts[2].hasSuffix("norm.weight")
      else { continue }
      layers[parts[2], default: []].insert(layer)
    }
    for (name, found) in layers.sorted(by: { $0.key < $1.key }) where found.count < layerCount {
      let layer = (0..<layerCount).first { !found.contains($0) } ?? 0
      throw .missingTensor("blk.\(layer).\(name)")
    }
  }
}
